import type { ObjectKind } from '../../kubernetes/object.ts';
import type { Outcome } from '../reconcile.ts';

/** Upper bounds of the histogram of durations, in seconds. */
export const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] as const;

/** What was counted since the start of the process. */
export interface OperatorCounts {
  readonly reconciles: Readonly<Record<Outcome | 'failed', number>>;
  /** Of reconciles: how many lasted at most as long as the bucket of the same place; not cumulative, the last beyond all. */
  readonly durations: readonly number[];
  readonly durationSum: number;
  /** By kind and verb, such as `StatefulSet` and `apply`. */
  readonly writes: readonly { readonly kind: string; readonly verb: string; readonly count: number }[];
  /** Watches that were opened, by plural name. */
  readonly watches: Readonly<Record<string, number>>;
}

/** Counts what the operator does. */
export interface Counter {
  readonly reconciled: (outcome: Outcome | 'failed', seconds: number) => void;
  readonly written: (verb: string, kind: ObjectKind) => void;
  readonly watched: (kind: ObjectKind) => void;
  readonly counts: () => OperatorCounts;
}

/** Begins at zero. */
export function createCounter(): Counter {
  const reconciles = { unchanged: 0, changed: 0, invalid: 0, taken: 0, gone: 0, deleting: 0, failed: 0 };
  const durations = Array.from({ length: DURATION_BUCKETS.length + 1 }, () => 0);
  const writes = new Map<string, { kind: string; verb: string; count: number }>();
  const watches: Record<string, number> = {};
  let durationSum = 0;
  return {
    reconciled(outcome, seconds) {
      reconciles[outcome] += 1;
      durationSum += seconds;
      const at = DURATION_BUCKETS.findIndex((bound) => seconds <= bound);
      const bucket = at < 0 ? DURATION_BUCKETS.length : at;
      durations[bucket] = (durations[bucket] ?? 0) + 1;
    },
    written(verb, { kind }) {
      const entry = writes.get(`${verb} ${kind}`) ?? { kind, verb, count: 0 };
      entry.count += 1;
      writes.set(`${verb} ${kind}`, entry);
    },
    watched({ plural }) {
      watches[plural] = (watches[plural] ?? 0) + 1;
    },
    counts: () => ({
      reconciles: { ...reconciles },
      durations: [...durations],
      durationSum,
      writes: [...writes.values()].map((entry) => ({ ...entry })),
      watches: { ...watches },
    }),
  };
}
