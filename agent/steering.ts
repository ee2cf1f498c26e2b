import type { ConnectorDocument } from '../shared/plan/document.ts';
import type { Bridge } from './bridge.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { Logger } from './observe/logger.ts';

/** What steering is made of. */
export interface SteeringParts {
  readonly bridge: Pick<Bridge, 'apply' | 'leave' | 'tick' | 'occupied' | 'reading' | 'lanes'>;
  readonly cluster: Cluster;
  readonly logger: Logger;
  /** Nothing moves any more once it is aborted. */
  readonly signal: AbortSignal;
  /** A move has ended. */
  readonly moved: () => void;
  /** A move ended in an error that has no cure. */
  readonly failed: (error: unknown) => void;
}

/** Takes the bridge to the newest document and to the slots that are ours, one move at a time. */
export interface Steering {
  /** Name of the connector; empty before the first document. */
  readonly connector: string;
  /** Resolves when the document is in force. */
  apply(document: ConnectorDocument): Promise<void>;
  /** Other slots are ours than before. */
  rearrange(): void;
  /** A session or subscription came up. */
  progressed(): void;
  /** To be called about once per second. */
  tick(): void;
}

/** Remembers its parts; nothing moves before the first document. */
export function createSteering({ bridge, cluster, logger, signal, moved, failed }: SteeringParts): Steering {
  let document: ConnectorDocument | undefined;
  let last: Promise<void> = Promise.resolve();
  let waiting = 0;
  /** A move to the newest slots is about to begin. */
  let asked = false;
  /** What the bridge was last told to run; membership may be ahead of it. */
  let placed: ReadonlySet<number> = new Set();

  const inTurn = (step: () => Promise<void>): Promise<void> => {
    waiting++;
    const run = async () => {
      if (!signal.aborted) await step();
    };
    last = last
      .then(run)
      .catch(failed)
      .finally(() => waiting--);
    return last;
  };

  const tell = (): void => cluster.running(placed, bridge.occupied, bridge.reading);

  const tidy = async (): Promise<void> => {
    tell();
    await bridge.leave();
    tell();
  };

  const rearrange = async (): Promise<void> => {
    asked = false;
    if (!document) return;
    placed = cluster.slotsOf(document);
    await bridge.apply(document, placed);
    await tidy();
    moved();
  };

  const take = async (wanted: ConnectorDocument): Promise<void> => {
    const about = { connector: wanted.connector.metadata.name, revision: wanted.revision };
    logger.debug({ evt: 'ConfigApplying', ...about });
    document = wanted;
    cluster.follow(wanted);
    await rearrange();
    logger.info({ evt: 'ConfigApplied', ...about, lanes: bridge.lanes.length });
  };

  return {
    get connector() {
      return document?.connector.metadata.name ?? '';
    },
    apply: (wanted) => inTurn(() => take(wanted)),
    rearrange() {
      if (asked) return;
      asked = true;
      void inTurn(rearrange);
    },
    progressed() {
      // A move under way tells in the end.
      if (waiting === 0) tell();
    },
    tick() {
      bridge.tick();
      if (waiting === 0) void inTurn(tidy);
    },
  };
}
