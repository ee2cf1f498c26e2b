import type { OperationObserver, StoreOperation } from './operation.ts';

/** Counts storage operations, for the cost model and for tests. */
export interface OperationCounter {
  /** To be given to a store as its `observe`. */
  readonly observe: OperationObserver;
  /** How many there were since the start or the last reset. */
  total(): number;
  /** The same by area and kind: `{ 'reports.write': 2 }`. */
  byKind(): Readonly<Record<string, number>>;
  reset(): void;
}

/** Makes a counter; it sees what really goes to the service or the file, retries included. */
export function createOperationCounter(): OperationCounter {
  const counts = new Map<string, number>();
  return {
    observe({ area, kind }: StoreOperation) {
      const name = `${area}.${kind}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    },
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
    byKind: () => Object.fromEntries(counts),
    reset: () => counts.clear(),
  };
}
