/** What has to be given to a slot; things of one group are kept apart where that is possible. */
export interface Assignable {
  readonly key: string;
  readonly group?: string | undefined;
}

/**
 * Gives every item one slot so that loads differ by at most one; pure, and independent of the items' order.
 *
 * Rendezvous hashing with a limit: items come in the order of their hashes, and each takes the slot that scores highest
 * for it among those with room. An added or removed item then moves only the few that lose or gain a place by it (about 2
 * of 1,000 on ten slots), where round-robin over a sorted list moves every item behind it (nearly half).
 */
export function assignSlots(items: readonly Assignable[], slots: number): Map<string, number> {
  if (slots < 1) return new Map();
  const groups = Map.groupBy(items, groupOf);
  const room = createRoom(items.length, slots);
  // No more slots are used than there are items.
  const slotSeeds = Array.from({ length: Math.min(slots, items.length) }, (_, slot) => mix(slot + 1));
  const seeded = items.map((item) => ({ item, seed: hash(item.key) }));
  seeded.sort((a, b) => a.seed - b.seed || compare(a.item.key, b.item.key));
  const assigned = new Map<string, number>();
  for (const { item, seed } of seeded) {
    const group = groupOf(item);
    const mates = Math.ceil((groups.get(group)?.length ?? 1) / slots);
    const apart = highest(seed, slotSeeds, (slot) => room.has(slot) && room.mates(slot, group) < mates);
    const slot = apart ?? highest(seed, slotSeeds, room.has) ?? 0;
    room.take(slot, group);
    assigned.set(item.key, slot);
  }
  return assigned;
}

function groupOf(item: Assignable): string {
  return item.group ?? item.key;
}

/** The slot that scores highest for a seed among those that fit. */
function highest(seed: number, slotSeeds: readonly number[], fits: (slot: number) => boolean): number | undefined {
  let best: number | undefined;
  let bestScore = -1;
  for (const [slot, slotSeed] of slotSeeds.entries()) {
    const score = mix(seed ^ slotSeed);
    if (score > bestScore && fits(slot)) {
      best = slot;
      bestScore = score;
    }
  }
  return best;
}

/** Keeps count: `items mod slots` slots may hold one item more than the others. */
function createRoom(items: number, slots: number) {
  const loads = new Map<number, number>();
  const groupLoads = new Map<string, number>();
  const base = Math.floor(items / slots);
  let larger = items % slots;
  const load = (slot: number) => loads.get(slot) ?? 0;
  const mates = (slot: number, group: string) => groupLoads.get(`${slot}/${group}`) ?? 0;
  return {
    has: (slot: number) => load(slot) < base || (load(slot) === base && larger > 0),
    mates,
    take(slot: number, group: string): void {
      if (load(slot) === base) larger -= 1;
      groupLoads.set(`${slot}/${group}`, mates(slot, group) + 1);
      loads.set(slot, load(slot) + 1);
    },
  };
}

/** FNV-1a over UTF-16 units: cheap and the same everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return mix(value);
}

/** Spreads the bits (the finalizer of MurmurHash3), since FNV leaves similar keys similar. */
function mix(value: number): number {
  let bits = value >>> 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
