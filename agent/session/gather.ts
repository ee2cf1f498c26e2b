/**
 * Under load it pays to let bytes gather for a moment between reads: one read, one write and one round of the event
 * loop then carry dozens of messages, for both brokers too. The price is a millisecond of latency, so it is paid only
 * where messages come fast, and only as long as waiting brings more of them: a broker that has filled its window
 * sends the same number each time and then waits for us.
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
const WORTHWHILE = 8;
/** Span over which the rate is judged, in milliseconds. */
const SPAN_MS = 2;
/** As many reads in a row with the same number of messages show a full window. */
const STANDSTILL = 3;
/** How long to leave it after it did not pay, in milliseconds. */
const RETRY_MS = 100;

/** A rule for one connection. */
export function createGatherRule(): GatherRule {
  let gathering = false;
  let quietUntil = 0;
  let spanStart = 0;
  let count = 0;
  let last = 0;
  let repeats = 0;

  const stop = (now: number) => {
    if (gathering) quietUntil = now + RETRY_MS;
    gathering = false;
    repeats = 0;
  };
  return {
    after(messages, now) {
      if (now < quietUntil) return false;
      repeats = gathering && messages === last ? repeats + 1 : 0;
      last = messages;
      count += messages;
      if (repeats >= STANDSTILL) stop(now);
      const span = now - spanStart;
      if (span < SPAN_MS) return gathering;
      if (count >= WORTHWHILE * span && now >= quietUntil) gathering = true;
      else stop(now);
      spanStart = now;
      count = 0;
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
