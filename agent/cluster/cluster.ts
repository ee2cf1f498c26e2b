import type { ConnectorDocument } from '../../shared/plan/document.ts';
import type { InstancesSnapshot } from '../observe/snapshot.ts';

/** Which slots this process runs, and when it may. */
export interface Cluster {
  /** False where one process runs all slots. */
  readonly shared: boolean;
  /** The slots of the document that are ours now; those being handed back are not. */
  slotsOf(document: ConnectorDocument): ReadonlySet<number>;
  /**
   * True as long as no other instance can have taken our slots unseen, and this one was not taken: only then a session of
   * it may connect.
   */
  cleared(slot: number): boolean;
  /** True once it is known which slots are ours. */
  readonly settled: boolean;
  /** Takes a new document in; the first one opens the connection to the other instances. */
  follow(document: ConnectorDocument): void;
  /** The document is in force here in these slots, as far as it concerns nobody else. */
  applied(document: ConnectorDocument, slots: ReadonlySet<number>): void;
  /** Resolves when no other instance still runs an older document, or after a while. */
  agreed(signal: AbortSignal): Promise<void>;
  /** True when somebody reads all of every slot by this document: what left may be unsubscribed. */
  readonly covered: boolean;
  /**
   * What runs now, and what there is still something of: slots that were given up can then be taken by others.
   * @param reading those of which every subscription has been answered; all of them when absent.
   */
  running(slots: ReadonlySet<number>, occupied: ReadonlySet<number>, reading?: ReadonlySet<number>): void;
  /** The broker gave a session of this slot to another client. */
  takenOver(slot: number): void;
  /** Says that this instance is about to stop. */
  leave(): void;
  /** Leaves what was ours to the others. */
  stop(): Promise<void>;
  /** Absent when there are no other instances. */
  snapshot(): InstancesSnapshot | undefined;
}

/** One process that runs all slots and knows of no other. */
export const ALONE: Cluster = {
  shared: false,
  slotsOf: ({ connector }) => new Set(Array.from({ length: connector.spec.bridgeInstances }, (_, slot) => slot)),
  cleared: () => true,
  settled: true,
  follow: () => undefined,
  applied: () => undefined,
  agreed: () => Promise.resolve(),
  covered: true,
  running: () => undefined,
  takenOver: () => undefined,
  leave: () => undefined,
  stop: () => Promise.resolve(),
  snapshot: () => undefined,
};
