import { ApiError } from '../../../../kubernetes/client.ts';
import type { StoredObject, WrittenObject } from '../../../../kubernetes/object.ts';
import { createElector, type Elector } from '../../../../operator/lead/elector.ts';
import { LEASE_TIMING } from '../../../../operator/lead/lease.ts';
import type { OperatorClock } from '../../../../operator/clock.ts';
import { SILENT } from '../../../support/silent-logger.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

/** What happens to a candidate, at a time in milliseconds. */
export interface Mishap {
  readonly at: number;
  readonly who: number;
  readonly what: 'freeze' | 'thaw' | 'cut' | 'cut-answers' | 'heal' | 'stop' | 'wall-jump';
}

/** A candidate of a simulation. */
export interface Simulated {
  readonly identity: string;
  readonly elector: Elector;
  /** Whether it runs and holds itself for the leader. */
  readonly writes: () => boolean;
  readonly suffer: (what: Mishap['what']) => void;
  /** Terms so far. */
  readonly terms: () => number;
}

/** Candidates at one Lease, in a time of their own. */
export interface LeaseSimulation {
  readonly candidates: readonly Simulated[];
  readonly lease: () => StoredObject | undefined;
  readonly advance: (ms: number) => Promise<void>;
  readonly now: () => number;
}

const LATENCY_MS = 40;

/** Sets candidates up whose clocks run at these rates; `checked` is called after every step. */
export function simulateLease(rates: readonly number[], checked: (candidates: readonly Simulated[]) => void) {
  const clock = createVirtualClock(0);
  const server = createLeaseServer();
  const candidates = rates.map((rate, index) => simulate(`candidate-${index}`, { rate, clock, server }));
  const turn = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    checked(candidates);
  };
  const simulation: LeaseSimulation = {
    candidates,
    lease: server.lease,
    advance: (ms) => clock.advance(ms, turn),
    now: () => clock.now(),
  };
  return simulation;
}

type Call = () => StoredObject | undefined;

function createLeaseServer() {
  let lease: StoredObject | undefined;
  let version = 0;
  function put({ metadata, ...rest }: WrittenObject): StoredObject {
    version += 1;
    const stored = { uid: 'uid', ...metadata, resourceVersion: String(version) };
    lease = { ...rest, metadata: stored };
    return lease;
  }
  return {
    lease: () => lease,
    create(object: WrittenObject): StoredObject {
      if (lease !== undefined) throw new ApiError(409, 'AlreadyExists', 'it is there');
      return put(object);
    },
    replace(object: WrittenObject): StoredObject {
      const metadata: object = object.metadata;
      const version = 'resourceVersion' in metadata ? metadata.resourceVersion : undefined;
      if (version !== lease?.metadata.resourceVersion) throw new ApiError(409, 'Conflict', 'it was changed');
      return put(object);
    },
  };
}

interface World {
  readonly rate: number;
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly server: ReturnType<typeof createLeaseServer>;
}

/** A process that may be frozen, its clocks, and its line to the API server. */
interface Ground {
  readonly clock: OperatorClock;
  /** Resolves when the process hears the answer; without one it is the caller who gives up. */
  readonly ask: (call: Call, signal: AbortSignal | undefined) => Promise<StoredObject | undefined>;
  readonly isFrozen: () => boolean;
  readonly suffer: (what: Mishap['what']) => void;
}

function createGround({ rate, clock }: World): Ground {
  let frozen = false;
  let line: 'whole' | 'cut' | 'deaf' = 'whole';
  let jump = 0;
  const held: (() => void)[] = [];
  /** What comes to a frozen process waits for it. */
  const deliver = (action: () => void) => void (frozen ? held.push(action) : action());
  const effects: Readonly<Partial<Record<Mishap['what'], () => void>>> = {
    freeze: () => (frozen = true),
    thaw() {
      frozen = false;
      for (const action of held.splice(0)) action();
    },
    cut: () => (line = 'cut'),
    'cut-answers': () => (line = 'deaf'),
    heal: () => (line = 'whole'),
    'wall-jump': () => (jump -= 3_600_000),
  };
  return {
    isFrozen: () => frozen,
    suffer: (what) => effects[what]?.(),
    clock: {
      now: () => clock.now() * rate,
      wall: () => clock.now() * rate + jump,
      after: (ms, action) => clock.callAt(clock.now() + Math.max(0, ms) / rate, () => deliver(action)),
    },
    ask: async (call, signal) =>
      await new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
        clock.callAt(clock.now() + LATENCY_MS, () => {
          if (line === 'cut') return;
          const { value, error } = outcomeOf(call);
          const answer = () => (error === undefined ? resolve(value) : reject(error));
          clock.callAt(clock.now() + LATENCY_MS, () => line === 'whole' && deliver(answer));
        });
      }),
  };
}

function simulate(identity: string, world: World): Simulated {
  const { server } = world;
  const { clock, ask, isFrozen, suffer } = createGround(world);
  let stopped = false;
  let terms = 0;
  const elector = createElector({
    client: {
      get: (_kind, _name, signal) => ask(server.lease, signal),
      create: async (_kind, object, signal) => (await ask(() => server.create(object), signal)) as StoredObject,
      replace: async (_kind, object, signal) => (await ask(() => server.replace(object), signal)) as StoredObject,
    },
    clock,
    random: () => 0.5,
    logger: SILENT,
    identity,
    lease: { namespace: 'default', name: 'lease' },
    timing: LEASE_TIMING,
    elected: () => (terms += 1),
  });
  elector.start();
  return {
    identity,
    elector,
    terms: () => terms,
    writes: () => !isFrozen() && !stopped && elector.mayWrite(),
    suffer(what) {
      suffer(what);
      if (what !== 'stop' || stopped) return;
      stopped = true;
      void elector.stop(() => Promise.resolve());
    },
  };
}

function outcomeOf(call: Call): { readonly value?: StoredObject | undefined; readonly error?: Error } {
  try {
    return { value: call() };
  } catch (error) {
    return { error: error as Error };
  }
}
