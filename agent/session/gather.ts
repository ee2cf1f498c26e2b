/**
 * Under load it pays to let bytes gather for a moment between reads: one read, one write and one round of the event
 * loop then carry dozens of messages, for both brokers too. The price is a millisecond of latency, so it is paid only
 * where messages come fast, and only as long as they keep coming fast while we wait: a broker that sends a small
 * window and then waits for acknowledgements must not be kept waiting.
 */
export interface GatherRule {
  /**
   * To be asked after each read.
   * @param messages packets that came with it.
   * @param now monotonic milliseconds.
   * @returns true when the next read should wait.
   */
  after(messages: number, now: number): boolean;
}

/** Messages per millisecond from which gathering pays. */
const WORTHWHILE = 20;
/** Span over which the rate is judged, in milliseconds. */
const SPAN_MS = 2;
/** How long to leave it after it did not pay, in milliseconds. */
const RETRY_MS = 100;

/** A rule for one connection. */
export function createGatherRule(): GatherRule {
  let gathering = false;
  let quietUntil = 0;
  let spanStart = 0;
  let count = 0;

  const startSpan = (now: number) => {
    spanStart = now;
    count = 0;
  };
  return {
    after(messages, now) {
      if (now < quietUntil) return false;
      count += messages;
      const span = now - spanStart;
      if (span < SPAN_MS) return gathering;
      const paid = count >= WORTHWHILE * span;
      if (gathering && !paid) quietUntil = now + RETRY_MS;
      gathering = paid;
      startSpan(now);
      return gathering;
    },
  };
}

/** Runs functions together after one short pause. */
export interface Gatherer {
  later(run: () => void): void;
}

/** One pause for all connections of a process. */
export function createGatherer(pauseMs = 1): Gatherer {
  let waiting: (() => void)[] = [];
  const release = () => {
    const now = waiting;
    waiting = [];
    for (const run of now) run();
  };
  return {
    later(run) {
      if (waiting.length === 0) setTimeout(release, pauseMs);
      waiting.push(run);
    },
  };
}
