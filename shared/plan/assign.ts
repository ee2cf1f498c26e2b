/** What has to be given to a slot; things of one group are kept apart where that is possible. */
export interface Assignable {
  readonly key: string;
  readonly group?: string | undefined;
}

/**
 * Gives every item one slot so that loads differ by at most one; pure, and independent of the items' order.
 *
 * Rendezvous hashing with a limit: pairs of item and slot are taken from the highest score down, as long as the slot has
 * room. An added or removed item then moves only those that compete with it for a place, where round-robin over a sorted
 * list would move every item behind it.
 */
export function assignSlots(items: readonly Assignable[], slots: number): Map<string, number> {
  const assigned = new Map<string, number>();
  if (slots < 1 || items.length === 0) return assigned;
  const groups = Map.groupBy(items, (item) => item.group ?? item.key);
  const room = createRoom(items.length, slots, (group) => Math.ceil((groups.get(group)?.length ?? 1) / slots));
  const pairs = scoredPairs(items, Math.min(slots, items.length));
  for (const spread of [true, false]) {
    for (const { item, slot } of pairs) {
      if (assigned.has(item.key) || !room.take(slot, item.group ?? item.key, spread)) continue;
      assigned.set(item.key, slot);
    }
  }
  return assigned;
}

interface Pair {
  readonly item: Assignable;
  readonly slot: number;
  readonly score: number;
}

function scoredPairs(items: readonly Assignable[], slots: number): Pair[] {
  const pairs: Pair[] = [];
  for (const item of items) {
    const seed = hash(item.key);
    for (let slot = 0; slot < slots; slot++) pairs.push({ item, slot, score: mix(seed ^ mix(slot + 1)) });
  }
  return pairs.sort((a, b) => b.score - a.score || compare(a.item.key, b.item.key) || a.slot - b.slot);
}

/** Keeps count: `items mod slots` slots may hold one item more than the others. */
function createRoom(items: number, slots: number, groupLimit: (group: string) => number) {
  const loads = new Map<number, number>();
  const groupLoads = new Map<string, number>();
  const base = Math.floor(items / slots);
  let larger = items % slots;
  return {
    take(slot: number, group: string, spread: boolean): boolean {
      const load = loads.get(slot) ?? 0;
      const isLarger = load === base;
      if (load > base || (isLarger && larger === 0)) return false;
      const place = `${slot}/${group}`;
      const mates = groupLoads.get(place) ?? 0;
      if (spread && mates >= groupLimit(group)) return false;
      if (isLarger) larger -= 1;
      loads.set(slot, load + 1);
      groupLoads.set(place, mates + 1);
      return true;
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
