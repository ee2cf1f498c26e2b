/** Counts what arrived, each sequence number once. */
export interface Tally {
  readonly distinct: number;
  readonly duplicates: number;
  note(sequence: number): void;
}

/** A tally for sequence numbers below `capacity`; the memory is touched only as far as numbers are used. */
export function createTally(capacity: number): Tally {
  const seen = new Uint8Array(capacity);
  let distinct = 0;
  let duplicates = 0;
  return {
    get distinct() {
      return distinct;
    },
    get duplicates() {
      return duplicates;
    },
    note(sequence) {
      if (seen[sequence] === 0) {
        seen[sequence] = 1;
        distinct += 1;
      } else {
        duplicates += 1;
      }
    },
  };
}
