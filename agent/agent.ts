import type { ConnectorDocument } from '../shared/plan/document.ts';
import type { ConfigSource, ConfigUpdate } from './config/source.ts';
import { createMountedFiles } from './config/mounted-files.ts';
import { Bridge } from './bridge.ts';
import type { IdentityOptions } from './identity-options.ts';
import type { Logger } from './observe/logger.ts';
import type { AgentSnapshot, ConfigSnapshot } from './observe/snapshot.ts';
import { snapshotAgent } from './snapshot.ts';
import { DEFAULT_TIMING, type Timing } from './session/timing.ts';

/** What an agent is made of. */
export interface AgentOptions {
  readonly source: ConfigSource;
  readonly configmapsDir: string;
  readonly secretsDir: string;
  /** The only slot this instance runs; all slots when absent. */
  readonly instance?: number;
  /** Who this process is to Azure. */
  readonly identity?: IdentityOptions;
  readonly logger: Logger;
  readonly version: string;
  readonly timing?: Timing;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
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

/** Remembers its options; `start` reads the configuration and connects. */
export function createAgent(options: AgentOptions): Agent {
  const { logger, timing = DEFAULT_TIMING } = options;
  const now = options.now ?? (() => performance.now());
  const ready = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const ending = new AbortController();
  const startedAt = new Date().toISOString();
  let config: ConfigSnapshot = { generation: 0, rejectedTotal: 0 };
  let connector = '';
  let ticking: NodeJS.Timeout | undefined;

  const bridge: Bridge = new Bridge({
    files: createMountedFiles(options),
    instance: options.instance,
    identity: options.identity ?? {},
    timing,
    logger,
    random: options.random ?? Math.random,
    now,
    progressed: () => progressed(),
  });

  const progressed = () => {
    if (config.generation > 0 && bridge.lanes.every((lane) => bridge.isReady(lane))) ready.resolve();
  };

  const take = async (update: ConfigUpdate): Promise<void> => {
    if (update.kind === 'document') await apply(update.document);
    config = recordUpdate(config, update, new Date());
    progressed();
  };

  const apply = async (document: ConnectorDocument): Promise<void> => {
    connector = document.connector.metadata.name;
    logger.debug({ evt: 'ConfigApplying', connector, revision: document.revision });
    await bridge.apply(document);
    logger.info({ evt: 'ConfigApplied', connector, revision: document.revision, lanes: bridge.lanes.length });
  };

  const follow = async (): Promise<void> => {
    for await (const update of options.source.updates(ending.signal)) {
      if (ending.signal.aborted) return;
      await take(update);
    }
  };

  return {
    start() {
      ticking = setInterval(() => bridge.tick(), timing.tickMs);
      follow().catch((error: unknown) => {
        logger.error({ evt: 'AgentFailed', error }, 'the configuration cannot be followed any more');
        closed.resolve();
      });
    },
    async stop(deadlineMs) {
      if (ending.signal.aborted) return closed.promise;
      ending.abort();
      await bridge.stop(deadlineMs);
      clearInterval(ticking);
      closed.resolve();
    },
    snapshot: () => snapshotAgent({ connector, version: options.version, startedAt, config, bridge }),
    ready: ready.promise,
    closed: closed.promise,
  };
}

/** What the status says of the configuration after an update; the last good document stays in force after a bad one. */
function recordUpdate({ rejected: _past, ...config }: ConfigSnapshot, update: ConfigUpdate, now: Date): ConfigSnapshot {
  const at = now.toISOString();
  if (update.kind === 'rejected') {
    const { revision, problems } = update;
    return { ...config, rejectedTotal: config.rejectedTotal + 1, rejected: { revision, at, problems } };
  }
  return { ...config, revision: update.document.revision, appliedAt: at, generation: config.generation + 1 };
}
