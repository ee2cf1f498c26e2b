import type { FaultSnapshot, InstancesSnapshot } from '../observe/snapshot.ts';
import { isAlive, type Roster, standingOf } from './roster.ts';

/** What the roster does not know. */
export interface InstancesView {
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly adoptions: number;
  readonly fault: FaultSnapshot | undefined;
}

/** The instances as /status and the metrics show them. */
export function snapshotInstances(roster: Roster, { now, adoptions, fault }: InstancesView): InstancesSnapshot {
  const { instance, claims, slots, peers, revision } = roster;
  return {
    instance,
    standing: standingOf(roster, now),
    slots: [...claims.keys()],
    total: slots,
    peers: [...peers.values()].map((peer) => ({
      instance: peer.instance,
      slots: [...peer.claims.keys()],
      alive: isAlive(roster, peer, now),
      silentSeconds: Math.max(0, (now - peer.heardAt) / 1000),
      agrees: peer.revision === revision,
    })),
    adoptions,
    ...(fault && { fault: { reason: fault.reason, message: fault.message } }),
  };
}
