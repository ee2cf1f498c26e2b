import { ApiError, type KubernetesClient, type ObjectList } from './client.ts';
import { pause, SYSTEM_CLOCK } from './clock.ts';
import type { MonotonicClock } from '../shared/monotonic-clock.ts';
import { createCopy, type ObjectCopy } from './copy.ts';
import type { ObjectChange, ObjectKind, Selection, StoredObject } from './object.ts';
import { createPace, isForPeople, type Outcome } from './pace.ts';

/** How fresh a copy is. */
export type ReflectorState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'synced' }
  /** What is known stays known meanwhile. `since`: monotonic milliseconds. */
  | { readonly kind: 'apart'; readonly since: number; readonly error: Error };

/** Keeps a copy of some objects that follows the API server: a list, then a watch that goes on for ever. */
export interface Reflector {
  /** By `namespace/name`. */
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly state: ReflectorState;
  /** Resolves once everything has been seen for the first time; never rejects. */
  readonly synced: Promise<void>;
  /**
   * Tells of every change after it is in `objects`, the first list included; resolves when the signal has ended it, and
   * rejects only with what `changed` or `stateChanged` has thrown.
   */
  run(changed: (change: ObjectChange) => void, signal: AbortSignal): Promise<void>;
}

/** What a reflector is made of. */
export interface ReflectorParts {
  readonly client: Pick<KubernetesClient, 'list' | 'watch'>;
  readonly kind: ObjectKind;
  readonly selection: Selection;
  /** Called after `state` has become another kind, or is apart for another reason. */
  readonly stateChanged?: (state: ReflectorState) => void;
  /** Gets one line when the copy comes apart, or for another reason than before, and one when it is fresh again. */
  readonly logger?: ReflectorLogger;
  /** In [0, 1). */
  readonly random?: () => number;
  readonly clock?: MonotonicClock;
}

/** What a reflector needs of a logger. */
export interface ReflectorLogger {
  info(fields: LogFields, message?: string): void;
  warn(fields: LogFields, message?: string): void;
}

interface LogFields {
  readonly evt: string;
  readonly [field: string]: unknown;
}

const SILENT: ReflectorLogger = { info: () => undefined, warn: () => undefined };

/** So many refused watches in a row: the version itself may be what the server cannot serve. */
const MOST_REFUSALS = 3;
/**
 * A watch without even a bookmark, which come about once a minute, for so many milliseconds: after a restore of its data
 * the server may be behind the version that we go on from, and says nothing until it has caught up.
 */
const MUTE_MS = 240_000;

/** Remembers its parts; nothing is asked before `run`. */
export function createReflector(parts: ReflectorParts): Reflector {
  const { clock = SYSTEM_CLOCK, random = Math.random, stateChanged } = parts;
  const log = createLog(parts);
  const synced = Promise.withResolvers<void>();
  const copy = createCopy();
  let state: ReflectorState = { kind: 'starting' };

  function become(next: ReflectorState): void {
    const same = next.kind === 'apart' ? isSameTrouble(state, next.error) : next.kind === state.kind;
    // How long it has been apart counts from the first failure.
    state = next.kind === 'apart' && state.kind === 'apart' ? { ...next, since: state.since } : next;
    if (next.kind === 'synced') synced.resolve();
    if (same) return;
    log(state);
    stateChanged?.(state);
  }

  return {
    objects: copy.objects,
    get state() {
      return state;
    },
    synced: synced.promise,
    async run(changed, signal) {
      const course = { ...parts, clock, random, copy, changed: marked(changed), become: marked(become) };
      await follow(course, signal).catch((error: unknown) => {
        throw error instanceof Thrown ? error.cause : error;
      });
    },
  };
}

function createLog({ kind: { kind }, selection, logger = SILENT }: ReflectorParts): (state: ReflectorState) => void {
  const what = { kind, ...selection };
  return (state) => {
    if (state.kind === 'synced') logger.info({ evt: 'KubernetesSynced', ...what }, 'all objects are known');
    if (state.kind !== 'apart') return;
    const { error } = state;
    const reason = reasonOf(error);
    const why =
      reason === 'NotServed' ? 'the API server does not know the kind; install its definition' : error.message;
    const message = `${kind} is not followed, so what is known may be old: ${why}`;
    logger.warn({ evt: 'KubernetesApart', ...what, reason, error: error.message }, message);
  };
}

function isSameTrouble(state: ReflectorState, error: Error): boolean {
  return state.kind === 'apart' && state.error.message === error.message && reasonOf(state.error) === reasonOf(error);
}

/** Forbidden, ECONNREFUSED, ExchangeError. */
function reasonOf(error: Error): unknown {
  if (error instanceof ApiError) return error.reason;
  return 'code' in error ? error.code : error.name;
}

interface Course extends ReflectorParts {
  readonly clock: MonotonicClock;
  readonly random: () => number;
  readonly copy: ObjectCopy;
  readonly changed: (change: ObjectChange) => void;
  readonly become: (state: ReflectorState) => void;
}

async function follow(course: Course, signal: AbortSignal): Promise<void> {
  const { clock, random, become } = course;
  const pace = createPace(random);
  const place: Place = { version: undefined, openedAt: undefined, refusals: 0, isMute: true };
  while (!signal.aborted) {
    place.openedAt = undefined;
    place.isMute = true;
    const outcome = await attempt(course, place, signal);
    if (signal.aborted) return;
    const lasted = clock.now() - (place.openedAt ?? clock.now());
    if (outcome.kind === 'failed') become({ kind: 'apart', since: clock.now(), error: outcome.error });
    if (needsList(outcome, place) || (place.isMute && lasted >= MUTE_MS)) place.version = undefined;
    await pause(clock, pace.afterMs(outcome, lasted), signal);
  }
}

/** Where a watch goes on from. */
interface Place {
  /** Undefined while a list is needed. */
  version: string | undefined;
  /** When the server took the last watch, if it did. */
  openedAt: number | undefined;
  /** Watches in a row that the server did not take. */
  refusals: number;
  /** Nothing has come over the last watch. */
  isMute: boolean;
}

function needsList(outcome: Outcome, place: Place): boolean {
  if (outcome.kind !== 'failed') return outcome.kind === 'expired';
  const { error } = outcome;
  place.refusals = error instanceof ApiError && !isForPeople(error) ? place.refusals + 1 : 0;
  return place.refusals >= MOST_REFUSALS;
}

/** One watch, and one list before it where that is needed; rejects only with Thrown. */
async function attempt(course: Course, place: Place, signal: AbortSignal): Promise<Outcome> {
  const { client, kind, selection } = course;
  try {
    place.version ??= take(course, await client.list(kind, selection, signal));
    for await (const event of client.watch(kind, { ...selection, resourceVersion: place.version }, signal)) {
      place.refusals = 0;
      place.openedAt ??= course.clock.now();
      course.become({ kind: 'synced' });
      if (event.kind === 'opened') continue;
      place.isMute = false;
      place.version = event.kind === 'bookmark' ? event.resourceVersion : event.object.metadata.resourceVersion;
      if (event.kind === 'changed') tell(course, course.copy.put(event.object));
      if (event.kind === 'removed') tell(course, course.copy.remove(event.object));
    }
    return { kind: 'ended' };
  } catch (error) {
    if (error instanceof Thrown) throw error;
    const expired = error instanceof ApiError && error.code === 410 && place.version !== undefined;
    if (expired) return { kind: 'expired' };
    return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
}

/** All of the list is known before any of it is told. */
function take({ copy, become, ...course }: Course, { items, resourceVersion }: ObjectList): string {
  const changes = copy.replaceAll(items);
  become({ kind: 'synced' });
  tell(course, changes);
  return resourceVersion;
}

function tell({ changed }: Pick<Course, 'changed'>, changes: readonly ObjectChange[]): void {
  for (const change of changes) changed(change);
}

/** What a listener has thrown: it is no failure of the API server. */
class Thrown extends Error {}

/** The listener with its errors marked. */
function marked<T>(listener: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      listener(value);
    } catch (error) {
      throw new Thrown('a listener has thrown', { cause: error });
    }
  };
}
