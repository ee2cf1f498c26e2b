import { randomUUID } from 'node:crypto';
import { ALONE, type Cluster } from './cluster/cluster.ts';
import { Instances } from './cluster/instances.ts';
import { type ClusterTiming, DEFAULT_CLUSTER_TIMING } from './cluster/timing.ts';
import type { ConfigSource, ConfigUpdate } from './config/source.ts';
import { createMountedFiles } from './config/mounted-files.ts';
import { Bridge, type BridgeParts } from './bridge.ts';
import type { IdentityOptions } from './identity-options.ts';
import type { Logger } from './observe/logger.ts';
import type { AgentSnapshot, ConfigSnapshot } from './observe/snapshot.ts';
import { snapshotAgent } from './snapshot.ts';
import { DEFAULT_TIMING, type Timing } from './session/timing.ts';
import { createSideCredentials } from './side-credentials.ts';
import { createSteering } from './steering.ts';

/** What an agent is made of. */
export interface AgentOptions {
  readonly source: ConfigSource;
  readonly configmapsDir: string;
  readonly secretsDir: string;
  /** The slot this instance is meant for, among others; it runs all slots and knows of no other when absent. */
  readonly instance?: number;
  readonly clusterTiming?: ClusterTiming;
  /** Who this process is to Azure. */
  readonly identity?: IdentityOptions;
  readonly logger: Logger;
  readonly version: string;
  readonly timing?: Timing;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** Milliseconds since 1970, UTC: only to tell people when something was. */
  readonly wallClock?: () => number;
}

/** The data plane of one connector, for as long as the process runs. */
export interface Agent {
  start(): void;
  /** Takes nothing new, finishes what is in flight, disconnects. Messages it gives up after `deadlineMs` stay at their brokers. */
  stop(deadlineMs: number): Promise<void>;
  snapshot(): AgentSnapshot;
  /** Resolves when all lanes can pass messages for the first time. */
  readonly ready: Promise<void>;
  /** Resolves when the agent has stopped. */
  readonly closed: Promise<void>;
}

/** How long the source of the configuration may take to end, in milliseconds. */
const LAST_WORD_MS = 3_000;

/** Remembers its options; `start` reads the configuration and connects. */
export function createAgent(options: AgentOptions): Agent {
  const { logger, identity = {}, timing = DEFAULT_TIMING, random = Math.random, now = monotonic } = options;
  const { wallClock = Date.now } = options;
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const ending = new AbortController();
  const wallAt = (monotonic: number) => new Date(wallClock() - now() + monotonic).toISOString();
  const startedAt = wallAt(now());
  const files = createMountedFiles(options);
  let config: ConfigSnapshot = { generation: 0, rejectedTotal: 0 };
  let ticking: NodeJS.Timeout | undefined;
  let followed: Promise<void> = Promise.resolve();

  const common = { files, identity, timing, logger, random, now };
  const cluster = clusterOf(options, { ...common, changed: () => steering.rearrange() });
  const bridge: Bridge = new Bridge({ ...common, cluster, progressed: () => progressed() });

  const progressed = () => {
    steering.progressed();
    const known = config.generation > 0 && cluster.settled;
    if (known && bridge.lanes.every((lane) => bridge.isReady(lane))) ready.resolve();
  };

  const fail = (error: unknown) => {
    logger.error({ evt: 'AgentFailed', error }, 'the agent cannot go on');
    closed.resolve();
  };

  const steering = createSteering({ bridge, cluster, logger, signal: ending.signal, moved: progressed, failed: fail });

  const take = async (update: ConfigUpdate): Promise<void> => {
    if (update.kind === 'document') await steering.apply(update.document);
    config = recordUpdate(config, update, wallAt(now()));
    progressed();
  };

  const follow = async (): Promise<void> => {
    for await (const update of options.source.updates(ending.signal)) {
      if (ending.signal.aborted) return;
      await take(update);
    }
  };

  return {
    start() {
      ticking = setInterval(() => steering.tick(), timing.tickMs);
      followed = follow().catch(fail);
    },
    async stop(deadlineMs) {
      if (ending.signal.aborted) return closed.promise;
      ending.abort();
      cluster.leave();
      // The source may have a last word for where it comes from.
      await Promise.all([bridge.stop(deadlineMs), withinTime(followed, Math.min(deadlineMs, LAST_WORD_MS))]);
      await cluster.stop();
      clearInterval(ticking);
      closed.resolve();
    },
    snapshot() {
      const { connector } = steering;
      const about = { connector, version: options.version, startedAt, config, ...options.source.snapshot?.() };
      return snapshotAgent({ ...about, bridge, cluster, wallAt, wallNow: wallClock() });
    },
    ready: ready.promise,
    closed: closed.promise,
  };
}

const monotonic = () => performance.now();

async function withinTime(promise: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([promise, late.promise]);
  clearTimeout(timer);
}

/** What the status says of the configuration after an update; the last good document stays in force after a bad one. */
function recordUpdate(
  { rejected: _past, ...config }: ConfigSnapshot,
  update: ConfigUpdate,
  at: string,
): ConfigSnapshot {
  if (update.kind === 'rejected') {
    const { revision, problems } = update;
    return { ...config, rejectedTotal: config.rejectedTotal + 1, rejected: { revision, at, problems } };
  }
  return { ...config, revision: update.document.revision, appliedAt: at, generation: config.generation + 1 };
}

/** What membership shares with the bridge. */
interface ClusterParts extends Omit<BridgeParts, 'cluster' | 'progressed'> {
  readonly changed: () => void;
}

function clusterOf({ instance, clusterTiming }: AgentOptions, parts: ClusterParts): Cluster {
  if (instance === undefined) return ALONE;
  return new Instances({
    ...parts,
    instance,
    id: randomUUID().slice(0, 8),
    timing: clusterTiming ?? DEFAULT_CLUSTER_TIMING,
    connectTimeoutMs: parts.timing.connectTimeoutMs,
    credentialsOf: (connector) => createSideCredentials(connector, parts).local,
  });
}
