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
 * of slots of any two members differ by at most one.
 */
export function ownersOf({ slots, members, awaited }: OwnershipInput): Map<number, string> {
  const owners = new Map<number, string>();
  if (members.length === 0) return owners;
  const loads = new Map(members.map(({ id }) => [id, 0]));
  const give = (slot: number, { id }: Member) => {
    owners.set(slot, id);
    loads.set(id, (loads.get(id) ?? 0) + 1);
  };
  const orphans: number[] = [];
  for (const slot of slots) {
    const home = preferred(
      slot,
      members.filter(({ instance }) => instance === slot),
    );
    if (home) give(slot, home);
    else if (!awaited?.has(slot)) orphans.push(slot);
  }
  const total = owners.size + orphans.length;
  const least = Math.floor(total / members.length);
  let larger = total % members.length;
  for (const { id } of members) if ((loads.get(id) ?? 0) > least) larger--;
  const hasRoom = ({ id }: Member) => {
    const load = loads.get(id) ?? 0;
    return load < least || (load === least && larger > 0);
  };
  const take = (slot: number, member: Member) => {
    if (loads.get(member.id) === least) larger--;
    give(slot, member);
  };
  const homeless: number[] = [];
  for (const slot of orphans) {
    const holder = preferred(
      slot,
      members.filter(({ claims }) => claims.has(slot)),
    );
    if (holder && hasRoom(holder)) take(slot, holder);
    else homeless.push(slot);
  }
  const ordered = members.toSorted(byInstance);
  for (const slot of homeless) {
    const idle = ordered.filter(hasRoom).toSorted((a, b) => (loads.get(a.id) ?? 0) - (loads.get(b.id) ?? 0))[0];
    if (idle) take(slot, idle);
  }
  return owners;
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

function byInstance(a: Member, b: Member): number {
  return a.instance - b.instance || (a.id < b.id ? -1 : 1);
}
