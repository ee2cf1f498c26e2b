import type { DropReason } from './counters.ts';
import type { Lane } from './lane.ts';

/** What happens to every message of one topic. */
export interface Passage {
  readonly lane: Lane;
  readonly sourceTopic: string;
  /** Target topic; empty when dropped. */
  readonly topic: Buffer;
  readonly drop: DropReason | undefined;
}

interface Entry {
  readonly bytes: Buffer;
  readonly passage: Passage;
}

const FEWEST = 64;
const MOST = 8192;
/** Bytes of a topic worth remembering: a broker that sends many long ones must not fill the memory. */
const LONGEST = 1024;

/**
 * Remembers what was decided for topics seen before, so that a message of a known topic is neither decoded, matched
 * nor mapped again. One entry per hash: two topics that collide just take turns, and memory stays bounded.
 */
export class TopicTable {
  #entries: (Entry | undefined)[] = [];
  #misses = 0;

  /** The passage of the topic bytes[start, end), when it is remembered. */
  find(bytes: Buffer, start: number, end: number): Passage | undefined {
    const entry = this.#entries[hash(bytes, start, end) & (this.#entries.length - 1)];
    if (entry === undefined || entry.bytes.length !== end - start) return undefined;
    const known = entry.bytes;
    for (let i = 0; i < known.length; i++) {
      if (known[i] !== bytes[start + i]) return undefined;
    }
    return entry.passage;
  }

  /** Remembers a passage; the table grows while topics keep pushing each other out. */
  remember(bytes: Buffer, start: number, end: number, passage: Passage): void {
    if (end - start > LONGEST) return;
    this.#misses++;
    const size = this.#entries.length;
    if (size === 0) this.#entries = Array.from({ length: FEWEST });
    else if (this.#misses > size && size < MOST) {
      this.#entries = Array.from({ length: size * 2 });
      this.#misses = 0;
    }
    this.#entries[hash(bytes, start, end) & (this.#entries.length - 1)] = {
      bytes: Buffer.from(bytes.subarray(start, end)),
      passage,
    };
  }

  clear(): void {
    this.#entries = [];
    this.#misses = 0;
  }
}

/** FNV-1a, 32 bits. */
function hash(bytes: Buffer, start: number, end: number): number {
  let value = 0x811c9dc5;
  for (let i = start; i < end; i++) value = Math.imul(value ^ bytes[i], 0x01000193);
  return (value ^ (value >>> 15)) >>> 0;
}
