/** An instance that is alive, as all of them see it. */
export interface Member {
  /** Unique for each process. */
  readonly id: string;
  /** The slot this instance is meant for; two processes may say the same. */
  readonly instance: number;
  /** The slots it runs, each with the number of times that slot has changed hands. */
  readonly claims: ReadonlyMap<number, number>;
}

/** What an ownership is computed from; alike in all instances that see the same members. */
export interface OwnershipInput {
  readonly slots: readonly number[];
  readonly members: readonly Member[];
  /** Slots whose own instance is still awaited: nobody else takes them. */
  readonly awaited?: ReadonlySet<number>;
}

/**
 * Says which member is to run each slot, by member ID. An instance runs the slot of its own number; slots without their
 * instance stay with whoever runs them while loads are even, and otherwise go to the member with the fewest: the numbers
 * of slots of any two members differ by at most one, and no more slots move than that takes.
 */
export function ownersOf({ slots, members, awaited }: OwnershipInput): Map<number, string> {
  const owners = new Map<number, string>();
  const homes = Map.groupBy(members, ({ instance }) => instance);
  const wanted = slots.filter((slot) => homes.has(slot) || !awaited?.has(slot)).sort((a, b) => a - b);
  const room = createRoom(members, wanted.length);
  const give = (slot: number, member: Member | undefined): boolean => {
    if (!member || !room.has(member)) return false;
    room.take(member);
    owners.set(slot, member.id);
    return true;
  };
  const orphans = wanted.filter((slot) => !give(slot, preferred(slot, homes.get(slot) ?? [])));
  const homeless = orphans.filter((slot) => !give(slot, holderOf(slot, members)));
  for (const slot of homeless) give(slot, room.emptiest());
  return owners;
}

function holderOf(slot: number, members: readonly Member[]): Member | undefined {
  return preferred(
    slot,
    members.filter(({ claims }) => claims.has(slot)),
  );
}

/** Keeps count: `slots mod members` members may run one slot more than the others. */
function createRoom(members: readonly Member[], slots: number) {
  const loads = new Map(members.map(({ id }) => [id, 0]));
  const least = Math.floor(slots / members.length);
  let larger = slots % members.length;
  const load = ({ id }: Member) => loads.get(id) ?? 0;
  const emptier = (a: Member, b: Member) =>
    load(a) - load(b) || a.instance - b.instance || (a.id < b.id ? -1 : Number(a.id > b.id));
  return {
    has: (member: Member) => load(member) < least || (load(member) === least && larger > 0),
    take(member: Member): void {
      if (load(member) === least) larger--;
      loads.set(member.id, load(member) + 1);
    },
    emptiest: () =>
      members.reduce<Member | undefined>(
        (best, member) => (best && emptier(best, member) < 0 ? best : member),
        undefined,
      ),
  };
}

/** Who keeps a slot that several members could run: the one with the newest claim to it, or else the first by ID. */
function preferred(slot: number, candidates: readonly Member[]): Member | undefined {
  return candidates.reduce<Member | undefined>((best, member) => {
    return best === undefined || outranks(slot, member, best) ? member : best;
  }, undefined);
}

/**
 * Whether a member's claim to a slot goes before another's: the newer one, at a tie the one of the slot's own instance,
 * and then the one with the smaller ID. No claim at all goes behind every claim.
 */
export function outranks(slot: number, member: Member, other: Member): boolean {
  const term = member.claims.get(slot) ?? -1;
  const otherTerm = other.claims.get(slot) ?? -1;
  if (term !== otherTerm) return term > otherTerm;
  const home = member.instance === slot;
  if (home !== (other.instance === slot)) return home;
  return member.id < other.id;
}
