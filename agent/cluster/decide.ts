import { outranks, ownersOf } from '../../shared/plan/ownership.ts';
import { MAX_TERM } from './heartbeat.ts';
import { isAlive, livePeers, membersOf, type Peer, type Roster, standingOf } from './roster.ts';

/** What an instance has to do with slots now; most of the time nothing. */
export interface Decision {
  /** Slots to start. */
  readonly acquire: readonly number[];
  /** Slots to hand back in order: finish what is in flight, stop, and only then say so. */
  readonly release: readonly number[];
  /** Slots that another instance runs with the better claim: to be left at once. */
  readonly surrender: readonly number[];
}

/** Compares what this instance runs with what it is to run by what it knows. */
export function decide(roster: Roster, now: number): Decision {
  // What is heard may be old, but who gives way to it harms nobody.
  const surrender = surrendered(roster, livePeers(roster, now));
  switch (standingOf(roster, now)) {
    case 'apart':
      return { acquire: [], release: [], surrender };
    case 'blind':
      return { ...decideAlone(roster, now), surrender };
    case 'joined':
      return { ...decideTogether(roster, now, surrender), surrender };
  }
}

type Changes = Omit<Decision, 'surrender'>;

/** Without being heard: our own slot and nothing else, and not that either as long as somebody else says to run it. */
function decideAlone(roster: Roster, now: number): Changes {
  const { instance, slots, claims, releasing, ending, claimedAt, timing } = roster;
  const isClaimed = now - (claimedAt.get(instance) ?? Number.NEGATIVE_INFINITY) < timing.retakeMs;
  const isOpen = instance < slots && !claims.has(instance) && !ending.has(instance) && !isClaimed;
  const release = [...claims.keys()].filter((slot) => slot !== instance && slot < slots && !releasing.has(slot));
  return { acquire: isOpen ? [instance] : [], release };
}

function decideTogether(roster: Roster, now: number, surrender: readonly number[]): Changes {
  const { id, claims, releasing, ending, slots, slotsSince, revision, timing } = roster;
  const live = livePeers(roster, now);
  const members = membersOf(roster, now);
  const common = { slots: slotsToRun(roster, now), awaited: awaited(roster, now) };
  const owners = ownersOf({ ...common, members });
  const ready = members.filter((member) => member.revision === revision);
  const standIns = ready.length < members.length ? ownersOf({ ...common, members: ready }) : owners;
  const isMine = (slot: number) => {
    const owner = members.find((member) => member.id === owners.get(slot));
    const isLate = owner?.revision !== revision && owner?.instance !== slot && now - slotsSince >= timing.awaitedMs;
    return isLate ? standIns.get(slot) === id : owner?.id === id;
  };
  const acquire = [...owners.keys()].filter(
    (slot) =>
      isMine(slot) &&
      !claims.has(slot) &&
      !ending.has(slot) &&
      !live.some((peer) => peer.claims.has(slot)) &&
      !isAvoided(roster, slot, now),
  );
  const release = [...claims.keys()].filter((slot) => {
    if (slot >= slots || releasing.has(slot) || surrender.includes(slot)) return false;
    const owner = live.find((peer) => peer.id === owners.get(slot));
    // An owner that does not have this document yet would leave the slot idle.
    return owner !== undefined && owner.revision === revision && now - owner.since >= timing.handBackMs;
  });
  return { acquire, release };
}

/** Slots of ours that somebody else has the better claim to. */
function surrendered(roster: Roster, live: readonly Peer[]): number[] {
  return [...roster.claims.keys()].filter((slot) =>
    live.some((peer) => peer.claims.has(slot) && outranks(slot, peer, roster)),
  );
}

/** Somebody who is not heard took this slot from us or from a peer; only its own instance may take it back. */
function isAvoided(roster: Roster, slot: number, now: number): boolean {
  if (slot === roster.instance) return false;
  if ((roster.cooling.get(slot) ?? 0) > now) return true;
  return livePeers(roster, now).some(({ avoided }) => avoided.has(slot));
}

/**
 * The slots of the document, and those of an older one that somebody had not finished: a dead instance's, or one that is
 * still at it.
 */
function slotsToRun(roster: Roster, now: number): number[] {
  const slots = new Set(Array.from({ length: roster.slots }, (_, slot) => slot));
  for (const slot of roster.claims.keys()) slots.add(slot);
  for (const peer of roster.peers.values()) {
    const alive = isAlive(roster, peer, now);
    for (const [slot, term] of peer.claims) {
      const unfinished = (roster.terms.get(slot) ?? 0) <= term && term < MAX_TERM;
      if (alive || unfinished) slots.add(slot);
    }
  }
  return [...slots].sort((a, b) => a - b);
}

/** Slots whose instance nobody has seen yet, for the time it may take to start. */
function awaited({ slots, slotsSince, seen, instance, timing }: Roster, now: number): Set<number> {
  if (now - slotsSince >= timing.awaitedMs) return new Set();
  const unseen = Array.from({ length: slots }, (_, slot) => slot).filter(
    (slot) => slot !== instance && !seen.has(slot),
  );
  return new Set(unseen);
}
