import type { ObjectChange } from '../kubernetes/object.ts';
import { ApiError, type KubernetesClient } from '../kubernetes/client.ts';
import { createCounter, type OperatorCounts } from './observe/counts.ts';
import { bundleKeyOf, createJudge } from './judge/judge.ts';
import { NotLeadingError } from './lead/fenced-client.ts';
import { createLeadership } from './lead/leadership.ts';
import type { OperatorClock } from './clock.ts';
import type { OperatorLogger } from './logger.ts';
import { createDescriber } from './publish/describe.ts';
import { createRecorder } from './publish/events.ts';
import { createWorkQueue } from './queue.ts';
import { createReconciler } from './reconcile.ts';
import type { RenderOptions } from './render/options.ts';
import { createNeededObjects } from './watch/needed-objects.ts';
import { createOwnedObjects } from './watch/owned-objects.ts';
import { createCopies } from './watch/copies.ts';

/** What an operator is made of. */
export interface OperatorOptions {
  readonly client: KubernetesClient;
  /** Where connectors are; all namespaces where there is none. */
  readonly namespace: string | undefined;
  /** Where its Lease is. */
  readonly ownNamespace: string;
  /** Name of this process, which no other process has. */
  readonly identity: string;
  readonly render: RenderOptions;
  readonly clock: OperatorClock;
  readonly random: () => number;
  readonly logger: OperatorLogger;
}

/** What an operator is doing. */
export interface OperatorSnapshot {
  readonly leading: boolean;
  /** Connectors that wait to be reconciled. */
  readonly queued: number;
  readonly working: number;
  readonly counts: OperatorCounts;
  /** State of each copy, by plural name. */
  readonly copies: Readonly<Record<string, 'starting' | 'synced' | 'apart'>>;
  /** Whether everything has been seen at least once. */
  readonly synced: boolean;
  /** Connectors by what their condition Ready says; of the last look, so only a leader knows. */
  readonly connectors: Readonly<Record<'True' | 'False' | 'Unknown', number>>;
  readonly topicMaps: number;
  /** Secrets and ConfigMaps that may not be read. */
  readonly forbidden: number;
}

/** Turns the connectors of a cluster into running agents. */
export interface Operator {
  readonly start: () => void;
  /** Finishes the writes on the way and gives the lead up. */
  readonly stop: () => Promise<void>;
  /** Resolves after `stop`; rejects with a defect. */
  readonly closed: Promise<void>;
  readonly snapshot: () => OperatorSnapshot;
}

const CONCURRENCY = 4;
const BACKOFF = { leastMs: 200, mostMs: 30_000 };
/** An object of somebody else is not followed: it has none of our labels. */
const TAKEN_AGAIN_MS = 30_000;
const LEASE_NAME = 'mqttbridge-operator';

/** Sets an operator up; nothing is asked before `start`. */
export function createOperator(options: OperatorOptions): Operator {
  const { clock, random } = options;
  const stopping = new AbortController();
  const closed = Promise.withResolvers<void>();
  const parts = assemble(options, { work, failed, elected });
  const { counter, leadership, copies, owned, judge, needs, recorder, queue, reconcile } = parts;
  const readiness = new Map<string, string>();
  let halted: Promise<void> = Promise.resolve();
  let synced = false;
  let running: Promise<void> = Promise.resolve();

  async function work(key: string): Promise<number | undefined> {
    // A copy that lags behind would undo what the leader before has done.
    if (!copies.areFresh()) throw new Error('the API server cannot be watched');
    const began = clock.now();
    const { outcome, ready } = await reconcile(key);
    counter.reconciled(outcome, (clock.now() - began) / 1000);
    if (ready === undefined) readiness.delete(key);
    else readiness.set(key, ready);
    return outcome === 'taken' ? TAKEN_AGAIN_MS * (1 + random()) : undefined;
  }
  function failed(key: string, error: unknown, pauseMs: number): void {
    if (error instanceof NotLeadingError || leadership.isOver()) return;
    counter.reconciled('failed', 0);
    logFailure(options.logger, { key, error, pauseMs });
  }
  async function elected(term: AbortSignal): Promise<void> {
    // Each connector is to be counted by one process.
    term.addEventListener('abort', () => (readiness.clear(), void (halted = queue.halt())), { once: true });
    await copies.synced;
    if (term.aborted) return;
    for (const key of new Set([...judge.keys(), ...owned.keys()])) queue.add(key);
    queue.resume();
  }
  const idle = () => halted.then(recorder.idle);
  return {
    start() {
      void copies.synced.then(() => (synced = true));
      running = copies.run(stopping.signal);
      running.catch((error: unknown) => closed.reject(error));
      leadership.start();
    },
    async stop() {
      stopping.abort();
      // A worker may wait for something that is needed, and would do so for ever without the API server.
      await Promise.all([leadership.stop(idle), needs.stop(), running]);
      closed.resolve();
    },
    closed: closed.promise,
    snapshot: () => ({
      leading: leadership.isHeld(),
      queued: queue.depth,
      working: queue.working,
      counts: counter.counts(),
      copies: copies.states(),
      synced,
      connectors: countReadiness(readiness.values()),
      topicMaps: copies.topicMaps.size,
      forbidden: needs.forbidden(),
    }),
  };
}

interface Hooks {
  readonly work: (key: string) => Promise<number | undefined>;
  readonly failed: (key: string, error: unknown, pauseMs: number) => void;
  readonly elected: (term: AbortSignal) => Promise<void>;
}

/** Puts the parts together. */
function assemble(options: OperatorOptions, { work, failed, elected }: Hooks) {
  const { clock, random, logger, identity, namespace, render } = options;
  const counter = createCounter();
  const client = countingClient(options.client, counter.watched);
  const judge = createJudge();
  const owned = createOwnedObjects();
  const common = { client, clock, random, logger };
  const queue = createWorkQueue({ work, failed, concurrency: CONCURRENCY, backoff: BACKOFF, clock, random });
  const leadership = createLeadership({
    ...common,
    identity,
    lease: { namespace: options.ownNamespace, name: LEASE_NAME },
    elected: (term) => void elected(term),
    written: counter.written,
  });
  const recorder = createRecorder({ client: leadership.client, clock, logger, identity });
  const needs = createNeededObjects({ ...common, changed: (key) => queue.add(key) });
  const copies = createCopies({
    ...common,
    namespace,
    resourceChanged: (change) => judge.note(change).forEach((key) => queue.add(key, { urgent: isUrgent(change) })),
    ownedChanged({ before, now }) {
      const keys = [before && owned.drop(before), now && owned.put(now)];
      for (const key of new Set(keys)) if (key !== undefined) queue.add(key);
    },
  });
  const { connectors, topicMaps } = copies;
  const reporting = render.definition.kind === 'kubernetes' ? 'status' : 'elsewhere';
  const wall = () => clock.wall();
  const describer = createDescriber({ client: leadership.client, topicMaps, needs, recorder, reporting, wall });
  const writing = { client: leadership.client, logger };
  const reconcile = createReconciler({ ...writing, connectors, owned, judge, needs, describer, render });
  return { counter, leadership, copies, owned, judge, needs, recorder, queue, reconcile };
}

function logFailure(
  logger: OperatorLogger,
  { key, error, pauseMs }: { readonly key: string; readonly error: unknown; readonly pauseMs: number },
): void {
  const fields = { connector: key, error, nextDelayMs: Math.round(pauseMs) };
  if (error instanceof ApiError && error.code === 409) {
    logger.debug(
      { evt: 'ReconcileRaced', ...fields },
      `${key} was written by somebody else meanwhile; it is tried again`,
    );
  } else logger.warn({ evt: 'ReconcileFailed', ...fields }, `${key} could not be reconciled; it is tried again`);
}

/** A change of what somebody wants is worth an attempt at once, also after failures; one of a status is not. */
function isUrgent({ before, now }: ObjectChange): boolean {
  if (before === undefined || now === undefined) return true;
  return before.metadata.generation !== now.metadata.generation || bundleKeyOf(before) !== bundleKeyOf(now);
}

function countReadiness(values: Iterable<string>): OperatorSnapshot['connectors'] {
  const counts = { True: 0, False: 0, Unknown: 0 };
  for (const value of values) if (value === 'True' || value === 'False' || value === 'Unknown') counts[value] += 1;
  return counts;
}

function countingClient(
  client: KubernetesClient,
  watched: (kind: Parameters<KubernetesClient['watch']>[0]) => void,
): KubernetesClient {
  return {
    ...client,
    watch(kind, selection, signal) {
      watched(kind);
      return client.watch(kind, selection, signal);
    },
  };
}
