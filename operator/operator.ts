import type { KubernetesClient } from '../kubernetes/client.ts';
import type { ObjectChange } from '../kubernetes/reflector.ts';
import { createCounter, type OperatorCounts } from './counts.ts';
import { bundleKeyOf, createJudge } from './judge/judge.ts';
import { createElector } from './lead/elector.ts';
import { fencedClient, NotLeadingError } from './lead/fenced-client.ts';
import { LEASE_TIMING } from './lead/lease.ts';
import type { OperatorClock, OperatorLogger } from './ports.ts';
import { createRecorder } from './publish/events.ts';
import { createWorkQueue } from './queue.ts';
import { createReconciler } from './reconcile.ts';
import type { RenderOptions } from './render/options.ts';
import { createNeededObjects } from './watch/needs.ts';
import { createOwnedObjects } from './watch/owned.ts';
import { createReflections } from './watch/reflections.ts';

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
  const { clock, random, logger, identity, ownNamespace, namespace } = options;
  const stopping = new AbortController();
  const closed = Promise.withResolvers<void>();
  const counter = createCounter();
  const client = countingClient(options.client, counter.watched);
  const judge = createJudge();
  const owned = createOwnedObjects();
  const readiness = new Map<string, string>();
  let term: AbortSignal | undefined;
  let halted: Promise<void> = Promise.resolve();
  let synced = false;
  let running: Promise<void> = Promise.resolve();

  const elector = createElector({
    client,
    clock,
    random,
    logger,
    identity,
    timing: LEASE_TIMING,
    lease: { namespace: ownNamespace, name: LEASE_NAME },
    elected,
  });
  const fenced = fencedClient(client, {
    mayWrite: elector.mayWrite,
    term: () => term,
    written: counter.written,
  });
  const recorder = createRecorder({ client: fenced, clock, logger, identity });
  const reflections = createReflections({
    client,
    namespace,
    clock,
    random,
    logger,
    resourceChanged: (change) => judge.note(change).forEach((key) => queue.add(key, { urgent: isUrgent(change) })),
    ownedChanged({ before, now }) {
      const keys = [before && owned.drop(before), now && owned.put(now)];
      for (const key of new Set(keys)) if (key !== undefined) queue.add(key);
    },
  });
  const needs = createNeededObjects({ client, clock, random, logger, changed: (key) => queue.add(key) });
  const { connectors, topicMaps } = reflections;
  const reconcile = createReconciler({
    client: fenced,
    connectors,
    topicMaps,
    owned,
    judge,
    needs,
    recorder,
    render: options.render,
    wall: () => clock.wall(),
  });
  const queue = createWorkQueue({ work, concurrency: CONCURRENCY, backoff: BACKOFF, clock, random, failed });

  async function work(key: string): Promise<number | undefined> {
    // A copy that lags behind would undo what the leader before has done.
    if (!reflections.areFresh()) throw new Error('the API server cannot be watched');
    const began = clock.now();
    const { outcome, ready } = await reconcile(key);
    counter.reconciled(outcome, (clock.now() - began) / 1000);
    if (ready === undefined) readiness.delete(key);
    else readiness.set(key, ready);
    return outcome === 'taken' ? TAKEN_AGAIN_MS : undefined;
  }
  function failed(key: string, error: unknown, pauseMs: number): void {
    if (error instanceof NotLeadingError || term?.aborted === true) return;
    counter.reconciled('failed', 0);
    logger.warn(
      { evt: 'ReconcileFailed', connector: key, error, nextDelayMs: Math.round(pauseMs) },
      `${key} could not be reconciled; it is tried again`,
    );
  }
  function elected(signal: AbortSignal): void {
    term = signal;
    signal.addEventListener('abort', () => (halted = queue.halt()), { once: true });
    void reflections.synced.then(() => {
      if (signal.aborted) return;
      for (const key of new Set([...judge.keys(), ...owned.keys()])) queue.add(key);
      queue.resume();
    });
  }
  async function idle(): Promise<void> {
    await halted;
    await recorder.idle();
  }
  async function stop(): Promise<void> {
    stopping.abort();
    // A worker may wait for something that is needed, and would do so for ever without the API server.
    await Promise.all([elector.stop(idle), needs.stop(), running]);
    closed.resolve();
  }
  return {
    start() {
      void reflections.synced.then(() => (synced = true));
      running = reflections.run(stopping.signal);
      running.catch((error: unknown) => closed.reject(error));
      elector.start();
    },
    stop,
    closed: closed.promise,
    snapshot: () => ({
      leading: elector.mayWrite(),
      queued: queue.depth,
      working: queue.working,
      counts: counter.counts(),
      copies: reflections.states(),
      synced,
      connectors: countReadiness(readiness.values()),
      topicMaps: topicMaps.size,
      forbidden: needs.forbidden(),
    }),
  };
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
