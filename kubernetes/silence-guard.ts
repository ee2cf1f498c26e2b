import type { MonotonicClock } from '../shared/monotonic-clock.ts';
import { ExchangeError } from './exchange.ts';

/** Ends a connection on which nothing has come for too long: its other end may be gone without a word. */
export interface SilenceGuard {
  /** Passes chunks on and notes that there were some. */
  heard<T>(chunks: AsyncIterable<T>): AsyncIterable<T>;
  /** From now on so many milliseconds of silence are too long. */
  expect(ms: number): void;
  stop(): void;
}

/** Begins to listen at once. */
export function createSilenceGuard(
  clock: MonotonicClock,
  firstMs: number,
  abandon: (reason: Error) => void,
): SilenceGuard {
  let bound = firstMs;
  let cancel = (): void => undefined;
  function listen(): void {
    cancel();
    cancel = clock.after(bound, () =>
      abandon(new ExchangeError(`the API server was silent for ${Math.round(bound / 1_000)} s`)),
    );
  }
  listen();
  return {
    async *heard(chunks) {
      for await (const chunk of chunks) {
        listen();
        yield chunk;
      }
    },
    expect(ms) {
      bound = ms;
      listen();
    },
    stop: () => cancel(),
  };
}
