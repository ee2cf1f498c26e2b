import type { Kind } from './kinds.ts';
import { canonical, type Fields, isFields, type KubeObject } from './object.ts';
import type { ResourceRequest } from './request.ts';
import { ApiFault, badRequest, invalid, type StatusCause } from './status.ts';

/** How a write came, where that decides how a text that cannot be read is refused. */
export type Manner = 'whole' | 'patch' | 'apply';

/** How a request writes. */
export function mannerOf({ verb, contentType }: Pick<ResourceRequest, 'verb' | 'contentType'>): Manner {
  if (verb !== 'patch') return 'whole';
  return contentType.startsWith('application/apply-patch') ? 'apply' : 'patch';
}

/** Checks of built-in kinds that a writer runs into; throws as the API server does. */
export function checkBuiltIn(object: KubeObject, kind: Kind, manner: Manner): void {
  const time = microTimes(object, kind).find((text) => !MICRO_TIME.test(text));
  if (time !== undefined) throw unreadable(kind, time, manner);
  const causes = faultsOf(object, kind);
  if (causes.length > 0) throw invalid(kind, object.metadata.name, causes);
}

function faultsOf(object: KubeObject, kind: Kind): StatusCause[] {
  if (kind.kind === 'Event') return eventFaults(object, kind);
  if (kind.kind === 'Lease') return leaseFaults(object);
  return kind.kind === 'StatefulSet' ? setFaults(object) : [];
}

/** Six digits, not three: `Date.toISOString()` does not fit. */
const MICRO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/;

function microTimes({ spec, series, eventTime }: KubeObject, { kind }: Kind): string[] {
  const ofLease = isFields(spec) ? [spec['acquireTime'], spec['renewTime']] : [];
  const ofEvent = [eventTime, isFields(series) ? series['lastObservedTime'] : undefined];
  const found = kind === 'Lease' ? ofLease : kind === 'Event' ? ofEvent : [];
  return found.filter((time) => typeof time === 'string');
}

function unreadable(kind: Kind, time: string, manner: Manner): ApiFault {
  const text = `parsing time ${JSON.stringify(time)} as "2006-01-02T15:04:05.000000Z07:00": cannot parse`;
  if (manner === 'whole')
    return badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${text}`);
  if (manner === 'patch') return new ApiFault(422, 'Invalid', ` "" is invalid: patch: Invalid value: ${text}`);
  return new ApiFault(500, '', `failed to convert new object to proper version: ${text}`);
}

const required = (field: string): StatusCause => ({ reason: 'FieldValueRequired', message: 'Required value', field });

function eventFaults(object: KubeObject, { group }: Kind): StatusCause[] {
  if (group === '') return [];
  const missing = ['eventTime', 'reportingController', 'reportingInstance', 'action', 'reason'].filter(
    (field) => !object[field],
  );
  const { note } = object;
  const long = typeof note === 'string' && note.length > 1024;
  const message = 'Invalid value: "": can have at most 1024 characters';
  return [...missing.map(required), ...(long ? [{ reason: 'FieldValueInvalid', message, field: 'message' }] : [])];
}

function leaseFaults({ spec }: KubeObject): StatusCause[] {
  const duration = isFields(spec) ? spec['leaseDurationSeconds'] : undefined;
  if (typeof duration !== 'number' || duration > 0) return [];
  const message = `Invalid value: ${duration}: must be greater than 0`;
  return [{ reason: 'FieldValueInvalid', message, field: 'spec.leaseDurationSeconds' }];
}

function setFaults({ spec }: KubeObject): StatusCause[] {
  if (!isFields(spec)) return [];
  const wanted = inner(inner(spec, 'selector'), 'matchLabels');
  const labels = inner(inner(inner(spec, 'template'), 'metadata'), 'labels');
  if (Object.entries(wanted).every(([name, value]) => labels[name] === value)) return [];
  const message = `Invalid value: ${canonical(labels)}: \`selector\` does not match template \`labels\``;
  return [{ reason: 'FieldValueInvalid', message, field: 'spec.template.metadata.labels' }];
}

function inner(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isFields(value) ? value : {};
}
