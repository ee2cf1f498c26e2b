import type { Fields } from './object.ts';
import { type Kind, resourceOf } from './kinds.ts';

/** One reason among several, with the path of the field. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** What to put into a Status besides its message. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A refusal; what the server answers is its Status. */
export class ApiFault extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** The Status object of a refusal. */
export function statusOf({ code, reason, message, details }: ApiFault): Fields {
  const plain = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason };
  return { ...plain, ...(details ? { details } : {}), code };
}

/** The Status object that answers a deletion. */
export function succeeded(details: StatusDetails): Fields {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}

/** There is no such object. */
export function notFound(kind: Kind, name: string): ApiFault {
  const { group, plural } = kind;
  return new ApiFault(404, 'NotFound', `${resourceOf(kind)} "${name}" not found`, { name, group, kind: plural });
}

/** The object was changed since, or something else stands against a write. */
export function conflict(kind: Kind, name: string, why: string): ApiFault {
  const text = `Operation cannot be fulfilled on ${resourceOf(kind)} "${name}": ${why}`;
  return new ApiFault(409, 'Conflict', text, { name, group: kind.group, kind: kind.plural });
}

/** What was sent is understood and may not be. */
export function invalid(kind: Pick<Kind, 'group' | 'kind'>, name: string, causes: readonly StatusCause[]): ApiFault {
  const of = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const text = causes.map(({ field, message }) => `${field ?? ''}: ${message}`).join(', ');
  return new ApiFault(422, 'Invalid', `${of} "${name}" is invalid: ${text}`, {
    name,
    group: kind.group,
    kind: kind.kind,
    causes,
  });
}

/** What was sent is not understood. */
export function badRequest(message: string): ApiFault {
  return new ApiFault(400, 'BadRequest', message);
}

/** A version that is no longer kept: list again. */
export function expired(asked: number | string, oldest: number): ApiFault {
  return new ApiFault(410, 'Expired', `too old resource version: ${asked} (${oldest})`);
}
