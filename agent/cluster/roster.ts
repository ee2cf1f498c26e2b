import type { Member } from '../../shared/plan/ownership.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { ClusterTiming } from './timing.ts';

/** Another process of the same connector. */
export interface Peer extends Heartbeat {
  /** Monotonic milliseconds: first heard without a break, last heard, and when its connection was said to be lost. */
  readonly since: number;
  readonly heardAt: number;
  readonly suspectedAt?: number | undefined;
}

/** How far this instance can trust what it hears. */
export type Standing =
  /** No connection, or not heard long enough: nothing is taken and nothing is connected anew. */
  | 'apart'
  | 'joined'
  /** The broker takes no heartbeats from us or passes none on: this instance runs its own slot and knows of no other. */
  | 'blind';

/** What one instance knows of all of them. Times are monotonic milliseconds. */
export interface Roster {
  readonly id: string;
  readonly instance: number;
  readonly timing: ClusterTiming;
  /** Slots of the document in force, and since when it has so many. */
  readonly slots: number;
  readonly slotsSince: number;
  readonly revision: string;
  readonly peers: ReadonlyMap<string, Peer>;
  /** Instance numbers that were heard at least once. */
  readonly seen: ReadonlySet<number>;
  /** Our slots, and among them those that are being given up. */
  readonly claims: ReadonlyMap<number, number>;
  readonly releasing: ReadonlySet<number>;
  /** Slots that were ours and of which something still runs here. */
  readonly ending: ReadonlySet<number>;
  /** Most times a slot is known to have changed hands. */
  readonly terms: ReadonlyMap<number, number>;
  /** Until when a slot is left alone that somebody unseen took from us. */
  readonly cooling: ReadonlyMap<number, number>;
  /** When a peer last claimed a slot. */
  readonly claimedAt: ReadonlyMap<number, number>;
  readonly connectedAt?: number | undefined;
  /** The broker does not let us in, though it is there. */
  readonly refusedAt?: number | undefined;
  /** When our own heartbeat last came back, and since when it does without a break. */
  readonly echoAt?: number | undefined;
  readonly joinedAt?: number | undefined;
  /** When this process last looked around, and whether it stood still before and may have more to hear. */
  readonly tickedAt?: number | undefined;
  readonly stalled: boolean;
  /** Heartbeats sent since one came back. Counted, not timed: a process that was frozen has not tried. */
  readonly unheard: number;
}

/** Most processes that are kept in mind; the topic of heartbeats is open to whoever may publish there. */
const MAX_PEERS = 1_000;

export function createRoster(self: Pick<Roster, 'id' | 'instance' | 'timing'>): Roster {
  return {
    ...self,
    slots: 0,
    slotsSince: 0,
    revision: '',
    peers: new Map(),
    seen: new Set(),
    claims: new Map(),
    releasing: new Set(),
    ending: new Set(),
    terms: new Map(),
    cooling: new Map(),
    claimedAt: new Map(),
    unheard: 0,
    stalled: false,
  };
}

/** This process looks around; to be called every `tickMs`. */
export function withTick(roster: Roster, now: number): Roster {
  return { ...roster, tickedAt: now, stalled: isLate(roster, now) };
}

function isLate({ tickedAt, timing }: Roster, now: number): boolean {
  return tickedAt !== undefined && now - tickedAt > timing.stallMs;
}

/** The document in force has so many slots. */
export function withDocument(roster: Roster, slots: number, revision: string, now: number): Roster {
  return { ...roster, revision, slots, slotsSince: slots === roster.slots ? roster.slotsSince : now };
}

/** The connection for heartbeats came up; a broker that ends it for what is published there has still refused us. */
export function withConnection(roster: Roster, now: number): Roster {
  return { ...roster, connectedAt: now, echoAt: undefined, joinedAt: undefined, unheard: 0 };
}

/** The connection for heartbeats is gone, or was `refused` by a broker that is there. */
export function withoutConnection(roster: Roster, refused: boolean, now: number): Roster {
  const refusedAt = refused ? (roster.refusedAt ?? now) : undefined;
  return { ...roster, connectedAt: undefined, refusedAt, echoAt: undefined, joinedAt: undefined };
}

/** A heartbeat came in: our own, come back from the broker, or that of a peer. */
export function heard(roster: Roster, beat: Heartbeat, now: number): Roster {
  if (beat.id === roster.id) return beat.state === 'lost' ? roster : echoed(roster, now);
  return heardOf(withTerms(roster, beat), beat, now);
}

function heardOf(roster: Roster, beat: Heartbeat, now: number): Roster {
  const known = roster.peers.get(beat.id);
  if (beat.state === 'lost') {
    return known ? withPeer(roster, { ...known, suspectedAt: known.suspectedAt ?? now }) : roster;
  }
  const alive = known !== undefined && isAlive(roster, known, now);
  // A number that somebody made up must not silence an instance for good.
  if (alive && beat.seq <= known.seq) return roster;
  if (!known && roster.peers.size >= MAX_PEERS) return roster;
  const since = alive ? known.since : now;
  return withPeer(learned(roster, beat, now), { ...beat, since, heardAt: now, suspectedAt: undefined });
}

function echoed(roster: Roster, now: number): Roster {
  const unbroken = roster.echoAt !== undefined && now - roster.echoAt <= roster.timing.echoMs;
  const joinedAt = unbroken ? (roster.joinedAt ?? now) : now;
  return { ...roster, refusedAt: undefined, echoAt: now, joinedAt, unheard: 0 };
}

/** A heartbeat of ours left. */
export function sent(roster: Roster): Roster {
  return { ...roster, unheard: roster.unheard + 1 };
}

/** A claim is never made again with a term that anybody has ever said. */
function withTerms(roster: Roster, { claims }: Heartbeat): Roster {
  const terms = new Map(roster.terms);
  for (const [slot, term] of claims) terms.set(slot, Math.max(term, terms.get(slot) ?? 0));
  return { ...roster, terms };
}

function learned(roster: Roster, { instance, claims }: Heartbeat, now: number): Roster {
  const cooling = new Map(roster.cooling);
  const claimedAt = new Map(roster.claimedAt);
  for (const slot of claims.keys()) {
    // Whoever took it is not unseen any more.
    cooling.delete(slot);
    claimedAt.set(slot, now);
  }
  return { ...roster, cooling, claimedAt, seen: new Set(roster.seen).add(instance) };
}

function withPeer(roster: Roster, peer: Peer): Roster {
  return { ...roster, peers: new Map(roster.peers).set(peer.id, peer) };
}

/** How far this instance can trust what it hears. */
export function standingOf(roster: Roster, now: number): Standing {
  const { connectedAt, refusedAt, echoAt, joinedAt, unheard, stalled, timing } = roster;
  // Timers come first after a stall, and what the others said meanwhile waits to be read.
  if (stalled || isLate(roster, now)) return 'apart';
  if (refusedAt !== undefined) return now - refusedAt >= timing.blindBeats * timing.heartbeatMs ? 'blind' : 'apart';
  if (connectedAt === undefined) return 'apart';
  if (unheard >= timing.blindBeats * (echoAt === undefined ? 1 : 2)) return 'blind';
  if (echoAt === undefined || joinedAt === undefined || now - echoAt > timing.echoMs) return 'apart';
  return hasListened(roster, joinedAt, now) ? 'joined' : 'apart';
}

/** Whether everybody has had the time to say what they run, and those we know of have said it or are silent for good. */
function hasListened({ peers, timing }: Roster, joinedAt: number, now: number): boolean {
  if (now - joinedAt < timing.settleMs) return false;
  if (now - joinedAt > timing.silenceMs) return true;
  const isMissed = ({ state, suspectedAt, heardAt }: Peer) =>
    state !== 'gone' && suspectedAt === undefined && heardAt < joinedAt;
  return ![...peers.values()].some(isMissed);
}

/**
 * Whether a peer is heard. Silence counts only from when we could have heard it, and only as far as our own heartbeats
 * came back: a broker that stands still makes nobody dead.
 */
export function isAlive({ echoAt, joinedAt, timing }: Roster, peer: Peer, now: number): boolean {
  if (peer.state === 'gone') return false;
  if (echoAt === undefined || joinedAt === undefined) return true;
  // A broker that stops says the will of some to others before it closes their connections too.
  const { suspectedAt = Number.NEGATIVE_INFINITY } = peer;
  if (suspectedAt >= joinedAt && now - suspectedAt > timing.suspectMs) return false;
  return echoAt - Math.max(peer.heardAt, joinedAt) <= timing.silenceMs;
}

/** Peers that are alive, those that are leaving included. */
export function livePeers(roster: Roster, now: number): Peer[] {
  return [...roster.peers.values()].filter((peer) => isAlive(roster, peer, now));
}

/** Who can be given slots: everybody alive who means to stay, and ourselves. */
export function membersOf(roster: Roster, now: number): (Member & Pick<Heartbeat, 'revision'>)[] {
  return [roster, ...livePeers(roster, now).filter(({ state }) => state === 'running')];
}

/** Whether a peer that is heard ran a slot a moment ago: what the broker does then is the end of that. */
export function wasContested({ claimedAt, timing }: Roster, slot: number, now: number): boolean {
  return now - (claimedAt.get(slot) ?? Number.NEGATIVE_INFINITY) <= timing.silenceMs;
}

/** Forgets dead peers after a time or when there are too many, and those whose claims others have taken up. */
export function forgetful(roster: Roster, now: number): Roster {
  const stale = (peer: Peer) => {
    if (isAlive(roster, peer, now)) return false;
    if (now - peer.heardAt > roster.timing.memoryMs || roster.peers.size >= MAX_PEERS) return true;
    return [...peer.claims].every(([slot, term]) => (roster.terms.get(slot) ?? 0) > term);
  };
  const kept = [...roster.peers.values()].filter((peer) => !stale(peer));
  if (kept.length === roster.peers.size) return roster;
  return { ...roster, peers: new Map(kept.map((peer) => [peer.id, peer])) };
}
