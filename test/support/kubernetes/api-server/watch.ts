import type { ServerResponse } from 'node:http';
import { groupVersionOf } from './kinds.ts';
import type { KubeObject } from './object.ts';
import { isTrue, type ResourceRequest } from './request.ts';
import { selectorOf } from './selectors.ts';
import { ApiFault, badRequest, expired, invalid, statusOf } from './status.ts';
import type { Store, StoreEvent } from './store.ts';

/** A watch that is open. */
export interface Watch {
  readonly resource: string;
  /** Tells how far the watch is; nothing where the client did not ask for bookmarks. */
  readonly bookmark: () => void;
  /** Holds changes back until `resume`. */
  readonly stall: () => void;
  readonly resume: () => void;
  /** Ends as the server does that no longer has the changes: an event ERROR with 410. */
  readonly expire: () => void;
  /** Cuts the connection in the middle of the stream. */
  readonly cut: () => void;
}

interface WatchEvent {
  readonly type: string;
  readonly object: object;
}

/** How watches behave. */
export interface WatchOptions {
  /** Whether a version that is too old is answered by HTTP 410 or by an event ERROR in a stream; servers do both. */
  readonly goneAs: 'status' | 'event';
  /** Milliseconds between bookmarks. */
  readonly bookmarkMs: number;
}

/** Begins a watch on a response; throws ApiFault before anything is sent. */
export function openWatch(
  store: Store,
  request: ResourceRequest,
  { response, options, closed }: { response: ServerResponse; options: WatchOptions; closed: () => void },
): Watch {
  const { kind, query, namespace } = request;
  const wanted = selectorOf(query, namespace);
  const first = initialEvents(store, request, options);
  // From a version that is not there yet nothing is told, not even by bookmarks, until it is.
  const from = Number(query.get('resourceVersion') ?? 0);
  let waiting: WatchEvent[] | undefined;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  function send(event: WatchEvent | undefined): void {
    // The last event of a watch that has ended may still be on its way.
    if (event === undefined || response.writableEnded) return;
    if (waiting) waiting.push(event);
    else response.write(`${JSON.stringify(event)}\n`);
  }
  function bookmark(): void {
    if (!isTrue(query.get('allowWatchBookmarks')) || store.version() < from) return;
    const metadata = { resourceVersion: String(store.version()), creationTimestamp: null };
    send({ type: 'BOOKMARK', object: { kind: kind.kind, apiVersion: groupVersionOf(kind), metadata } });
  }
  function resume(): void {
    const held = waiting ?? [];
    waiting = undefined;
    for (const event of held) send(event);
  }
  const unsubscribe = store.subscribe((event) => {
    if (event.kind === kind && event.version > from) send(seen(event, wanted));
  });
  const beat = setInterval(bookmark, options.bookmarkMs);
  const seconds = Number(query.get('timeoutSeconds')) || 1800;
  const limit = setTimeout(() => {
    bookmark();
    response.end();
  }, seconds * 1000);
  response.once('close', () => {
    unsubscribe();
    clearInterval(beat);
    clearTimeout(limit);
    closed();
  });
  for (const event of first) send(event);
  if (first.at(-1)?.type === 'ERROR') response.end();
  function expire(): void {
    if (!response.writableEnded) response.end(`${JSON.stringify(goneEvent(expired('watch', store.oldest())))}\n`);
  }
  const stall = () => void (waiting ??= []);
  return { resource: kind.plural, bookmark, stall, resume, expire, cut: () => void response.destroy() };
}

function goneEvent(fault: ApiFault): WatchEvent {
  return { type: 'ERROR', object: statusOf(fault) };
}

/** Without a version: what there is; with one: what has happened since. */
function initialEvents(store: Store, request: ResourceRequest, { goneAs }: WatchOptions): WatchEvent[] {
  const { kind, query, namespace } = request;
  const wanted = selectorOf(query, namespace);
  if (query.has('sendInitialEvents')) {
    const message = 'Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
    throw invalid(kind, '', [{ reason: 'FieldValueForbidden', message, field: 'sendInitialEvents' }]);
  }
  const asked = Number(query.get('resourceVersion') ?? 0);
  if (!Number.isSafeInteger(asked)) throw badRequest('resourceVersion: Invalid value');
  if (asked === 0)
    return store
      .list(kind)
      .filter(wanted)
      .map((object) => ({ type: 'ADDED', object }));
  try {
    return store.since(kind, asked).flatMap((event) => seen(event, wanted) ?? []);
  } catch (error) {
    if (goneAs === 'event' && error instanceof ApiFault) return [goneEvent(error)];
    throw error;
  }
}

/** A change as somebody sees it who wants some objects only: what begins to match is added, what ceases is deleted. */
function seen(event: StoreEvent, wanted: (object: KubeObject) => boolean): WatchEvent | undefined {
  const { type, object, previous } = event;
  const before = previous !== undefined && wanted(previous);
  const now = type !== 'DELETED' && wanted(object);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object };
  if (!before) return undefined;
  const { resourceVersion } = object.metadata;
  const last = type === 'DELETED' ? object : { ...previous, metadata: { ...previous.metadata, resourceVersion } };
  return { type: 'DELETED', object: last };
}
