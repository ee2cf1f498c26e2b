/**
 * Under load it pays to let bytes gather for a moment: one read, one write and one round of the event loop then carry
 * dozens of messages, for both brokers too. So after a round the process sleeps for a fraction of a millisecond, as
 * long as messages come fast and waiting brings more of them. Timers are too coarse for that, and a socket that is not
 * read for longer fills its receive buffer, which costs its sender more than we save.
 */
export interface Breather {
  /** Packets were handled. */
  count(packets: number): void;
  /** A round of the event loop has written everything it had to: sleeps when that pays. */
  rest(): void;
}

/** What a breather is made of. */
export interface BreatherParts {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Blocks the thread. */
  readonly sleep: (ms: number) => void;
}

/** Packets per millisecond from which sleeping pays. */
const WORTHWHILE = 8;
/** Packets that may gather meanwhile; twice as many would fill the receive buffer of a Linux socket. */
const GATHERED = 128;
/** Longest sleep, in milliseconds. */
const LONGEST_MS = 1.5;
/** Span over which the rate is judged, in milliseconds. */
const SPAN_MS = 2;
/** As many rounds in a row with the same number of packets show a broker that has filled its window and waits for us. */
const STANDSTILL = 3;
/** How long to leave it after that, in milliseconds. */
const RETRY_MS = 100;

/** One for all connections of a process. */
export function createBreather({ now, sleep }: BreatherParts): Breather {
  let spanStart = 0;
  let inSpan = 0;
  let inRound = 0;
  let lastRound = 0;
  let repeats = 0;
  let rate = 0;
  let quietUntil = 0;
  let slept = false;

  const judge = (at: number) => {
    inSpan += inRound;
    const span = at - spanStart;
    if (span < SPAN_MS) return;
    rate = inSpan / span;
    spanStart = at;
    inSpan = 0;
  };
  return {
    count(packets) {
      inRound += packets;
    },
    rest() {
      const at = now();
      judge(at);
      repeats = slept && inRound === lastRound ? repeats + 1 : 0;
      lastRound = inRound;
      inRound = 0;
      if (repeats >= STANDSTILL) quietUntil = at + RETRY_MS;
      slept = rate >= WORTHWHILE && at >= quietUntil;
      if (slept) sleep(Math.min(LONGEST_MS, GATHERED / rate));
    },
  };
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps with the thread; unlike a timer it keeps fractions of a millisecond. */
export function sleepThread(ms: number): void {
  Atomics.wait(nobody, 0, 0, ms);
}
