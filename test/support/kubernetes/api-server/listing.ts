import { groupVersionOf } from './kinds.ts';
import type { Fields, KubeObject } from './object.ts';
import type { ResourceRequest } from './request.ts';
import { selectorOf } from './selectors.ts';
import { ApiFault, badRequest } from './status.ts';
import type { Store } from './store.ts';

/** A page of objects as it is answered. */
interface List extends Fields {
  readonly items: readonly KubeObject[];
}

/** Lists objects of a kind: of now, of a version that is asked for, or the next page of a list that was begun. */
export function listObjects(store: Store, { kind, namespace, query }: ResourceRequest): List {
  const token = query.get('continue');
  const from = token
    ? (JSON.parse(Buffer.from(token, 'base64url').toString()) as { at: number; start: number })
    : undefined;
  const at = from?.at ?? listVersion(store, query);
  const found = store.list(kind, at).filter(selectorOf(query, namespace));
  const start = from?.start ?? 0;
  const end = start + (Number(query.get('limit')) || found.length);
  const more = end < found.length;
  const next = more ? Buffer.from(JSON.stringify({ at, start: end })).toString('base64url') : undefined;
  const metadata = {
    resourceVersion: String(at),
    ...(more ? { continue: next, remainingItemCount: found.length - end } : {}),
  };
  return { kind: `${kind.kind}List`, apiVersion: groupVersionOf(kind), metadata, items: found.slice(start, end) };
}

function listVersion(store: Store, query: URLSearchParams): number {
  const asked = Number(query.get('resourceVersion') ?? 0);
  if (!Number.isSafeInteger(asked)) throw badRequest('resourceVersion: Invalid value');
  if (asked > store.version()) throw tooLarge(asked, store.version());
  return query.get('resourceVersionMatch') === 'Exact' ? asked : store.version();
}

/** A version that has not been yet. */
function tooLarge(asked: number, current: number): ApiFault {
  const message = `Too large resource version: ${asked}, current: ${current}`;
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return new ApiFault(504, 'Timeout', message, { causes, retryAfterSeconds: 1 });
}
