import type { WallClock } from './wall-clock.ts';

/** A bounded wait, and what it ends with when it was too short. */
export interface TimeLimit {
  readonly clock: WallClock;
  readonly ms: number;
  readonly late: () => Error;
}

/** Answers as the promise does, or rejects with `late()` once the time is over; the promise itself goes on. */
export async function inTime<T>(answer: Promise<T>, { clock, ms, late }: TimeLimit): Promise<T> {
  const end = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => end.reject(late()));
  try {
    return await Promise.race([answer, end.promise]);
  } finally {
    cancel();
  }
}
