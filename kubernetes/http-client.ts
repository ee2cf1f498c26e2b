import type { ClusterAccess } from './access.ts';
import { collectionPath, objectPath, selectorsOf } from './address.ts';
import { bodyOf, fieldsOf, isFields, refusal } from './answer.ts';
import { ApiError, type KubernetesClient, type ObjectList, type WatchEvent } from './client.ts';
import { SYSTEM_CLOCK } from './clock.ts';
import type { MonotonicClock } from '../shared/monotonic-clock.ts';
import { type Asked, chunksOf, createExchange, type Exchange, ExchangeError, type OpenAnswer } from './exchange.ts';
import type { ObjectKind, Selection, StoredObject } from './object.ts';
import { createSilenceGuard } from './silence-guard.ts';
import { eventOf, linesOf, storedObject } from './watch-stream.ts';

/** How a client presents itself, and how much its requests may take. */
export interface ClientOptions {
  /** `name/version`. */
  readonly userAgent: string;
  readonly clock?: MonotonicClock;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly limits?: Partial<ClientLimits>;
}

/** How much requests may take. */
export interface ClientLimits {
  /** For name, connection, TLS and the whole answer together; of a watch, until it has begun. Milliseconds. */
  readonly callMs: number;
  /** For how long a watch is asked at least, and twice as long at most, lest all end together; the server ends it then. Seconds. */
  readonly watchSeconds: number;
  /** Silence after a bookmark, when the next one must long have come, and beyond the end of a watch without any. Milliseconds. */
  readonly silenceMs: number;
  /** Objects of one page of a list. */
  readonly pageSize: number;
  readonly answerBytes: number;
  /** etcd takes 1.5 MiB unless told otherwise. */
  readonly eventBytes: number;
}

/** API servers send a bookmark about every minute. */
export const CLIENT_LIMITS: ClientLimits = {
  callMs: 30_000,
  watchSeconds: 300,
  silenceMs: 150_000,
  pageSize: 500,
  answerBytes: 64 * 1024 * 1024,
  eventBytes: 8 * 1024 * 1024,
};

interface Parts {
  readonly exchange: Exchange;
  readonly clock: MonotonicClock;
  readonly random: () => number;
  readonly limits: ClientLimits;
}

/** What the server would drop without a word may be what restricts. */
const STRICT = { fieldValidation: 'Strict' } as const;

/** A client for one API server; nothing is asked before its first call. */
export function createClient(access: ClusterAccess, options: ClientOptions): KubernetesClient {
  const { userAgent, clock = SYSTEM_CLOCK, random = Math.random, limits } = options;
  const exchange = createExchange(access, userAgent);
  const parts: Parts = { exchange, clock, random, limits: { ...CLIENT_LIMITS, ...limits } };
  const write = async (asked: Asked, signal?: AbortSignal) => storedObject(await call(parts, asked, signal));
  return {
    get: async (kind, name, signal) =>
      unlessMissing(write({ method: 'GET', path: objectPath(kind, name) }, signal), undefined),
    list: (kind, selection, signal) => list(parts, { kind, selection }, signal),
    watch: (kind, selection, signal) => watch(parts, { kind, selection }, signal),
    async apply(kind, object, { manager, force = false, status = false }, signal) {
      const path = objectPath(kind, object.metadata, status ? 'status' : undefined);
      const query = { fieldManager: manager, force: String(force), ...STRICT };
      const body = JSON.stringify(object);
      return write({ method: 'PATCH', path, query, body, contentType: 'application/apply-patch+yaml' }, signal);
    },
    async create(kind, object, signal) {
      const path = collectionPath(kind, object.metadata.namespace);
      return write({ method: 'POST', path, query: STRICT, body: JSON.stringify(object) }, signal);
    },
    async replace(kind, object, signal) {
      const path = objectPath(kind, object.metadata);
      return write({ method: 'PUT', path, query: STRICT, body: JSON.stringify(object) }, signal);
    },
    async patch(kind, name, operations, { status = false } = {}, signal) {
      const path = objectPath(kind, name, status ? 'status' : undefined);
      const body = JSON.stringify(operations);
      return write({ method: 'PATCH', path, query: STRICT, body, contentType: 'application/json-patch+json' }, signal);
    },
    async remove(kind, name, { uid, orphan = false } = {}, signal) {
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      const body = JSON.stringify({ propagationPolicy: orphan ? 'Orphan' : 'Background', ...preconditions });
      const removed = call(parts, { method: 'DELETE', path: objectPath(kind, name), body }, signal);
      return unlessMissing(
        removed.then(() => true),
        false,
      );
    },
    close: () => exchange.close(),
  };
}

function unlessMissing<T, U>(asked: Promise<T>, missing: U): Promise<T | U> {
  return asked.catch((error: unknown) => {
    if (error instanceof ApiError && error.reason === 'NotFound') return missing;
    throw error;
  });
}

/** Runs with a signal that ends after so many milliseconds, too; the time is up only until the promise settles. */
async function inTime<T>(
  { clock, limits }: Parts,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const error = new ExchangeError(`the API server did not answer within ${limits.callMs / 1000} s`);
  const cancel = clock.after(limits.callMs, () => late.abort(error));
  try {
    return await run(signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]));
  } catch (failure) {
    throw late.signal.aborted && !signal?.aborted ? error : failure;
  } finally {
    cancel();
  }
}

function call(parts: Parts, asked: Asked, signal: AbortSignal | undefined): Promise<Readonly<Record<string, unknown>>> {
  return inTime(parts, signal, async (within) => {
    const { response } = await parts.exchange.send(asked, within);
    const { statusCode = 0, headers } = response;
    const body = await bodyOf(response, parts.limits.answerBytes);
    if (statusCode < 200 || statusCode > 299) throw refusal(statusCode, body, headers['retry-after']);
    return fieldsOf(body);
  });
}

interface Wanted<S extends Selection = Selection> {
  readonly kind: ObjectKind;
  readonly selection: S;
}

async function list(parts: Parts, wanted: Wanted, signal: AbortSignal | undefined): Promise<ObjectList> {
  try {
    return await pages(parts, wanted, { limit: String(parts.limits.pageSize), signal });
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 410)) throw error;
    // Its version was forgotten between two pages; all in one page cannot be overtaken so.
    return pages(parts, wanted, { limit: '0', signal });
  }
}

async function pages(
  parts: Parts,
  { kind, selection }: Wanted,
  { limit, signal }: { readonly limit: string; readonly signal: AbortSignal | undefined },
): Promise<ObjectList> {
  const path = collectionPath(kind, selection.namespace);
  const items: StoredObject[] = [];
  for (let token = ''; ; ) {
    const query = { ...selectorsOf(selection), limit, ...(token === '' ? {} : { continue: token }) };
    const page = await call(parts, { method: 'GET', path, query }, signal);
    const { metadata } = page;
    if (!Array.isArray(page['items']) || !isFields(metadata))
      throw new ExchangeError('the API server answered no list');
    items.push(...page['items'].map((item) => listed(item, kind)));
    token = typeof metadata['continue'] === 'string' ? metadata['continue'] : '';
    if (token === '') return { items, resourceVersion: versionOf(metadata) };
  }
}

function versionOf({ resourceVersion }: Readonly<Record<string, unknown>>): string {
  if (typeof resourceVersion === 'string' && resourceVersion !== '') return resourceVersion;
  throw new ExchangeError('the API server answered a list without a version');
}

/** Items of a list of a built-in kind do not say of what kind they are. */
function listed(item: unknown, { apiVersion, kind }: ObjectKind): StoredObject {
  if (!isFields(item)) throw new ExchangeError('the API server answered a list of something else than objects');
  return storedObject({ apiVersion, kind, ...item });
}

async function* watch(
  parts: Parts,
  { kind, selection }: Wanted<Selection & { readonly resourceVersion: string }>,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const { resourceVersion, namespace } = selection;
  const seconds = Math.ceil(parts.limits.watchSeconds * (1 + parts.random()));
  const own = { watch: 'true', resourceVersion, allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) };
  const query = { ...selectorsOf(selection), ...own };
  const asked: Asked = { method: 'GET', path: collectionPath(kind, namespace), query, watch: true };
  try {
    // Until the watch has begun its time is bounded, and from then on the silence in it.
    const opened = await inTime(parts, signal, (within) => begun(parts, asked, within));
    yield* eventsOf(parts, opened, seconds);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function begun({ exchange, limits }: Parts, asked: Asked, signal: AbortSignal): Promise<OpenAnswer> {
  const opened = await exchange.send(asked, signal);
  const { statusCode = 0, headers } = opened.response;
  if (statusCode === 200) return opened;
  throw refusal(statusCode, await bodyOf(opened.response, limits.answerBytes), headers['retry-after']);
}

async function* eventsOf(
  { clock, limits }: Parts,
  { response, abandon }: OpenAnswer,
  seconds: number,
): AsyncGenerator<WatchEvent> {
  const { silenceMs, eventBytes } = limits;
  // Where nothing ever changes a server may send no bookmarks; but it ends the watch in time.
  const guard = createSilenceGuard(clock, seconds * 1_000 + silenceMs, abandon);
  try {
    yield { kind: 'opened' };
    for await (const line of linesOf(guard.heard(chunksOf(response)), eventBytes)) {
      const event = eventOf(line);
      if (event?.kind === 'bookmark') guard.expect(silenceMs);
      if (event !== undefined) yield event;
    }
  } finally {
    guard.stop();
    abandon(new ExchangeError('the watch is over'));
  }
}
