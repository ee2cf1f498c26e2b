/** How many SUBSCRIBE and UNSUBSCRIBE packets a session may send. */
export interface RequestPace {
  /** Milliseconds until the next one may be sent; 0 when it may be now. */
  wait(): number;
  /** One is sent. */
  count(): void;
}

/** A span in which the broker may count one packet more, because the network held the one before it. */
const SPAN_MS = 1100;

/** At most `perSecond` requests within any second. @param now monotonic milliseconds. */
export function createRequestPace(perSecond: number, now: () => number): RequestPace {
  let sent: number[] = [];
  return {
    wait() {
      if (sent.length < perSecond) return 0;
      return Math.max(0, sent[sent.length - perSecond] + SPAN_MS - now());
    },
    count() {
      if (perSecond === Number.POSITIVE_INFINITY) return;
      sent = [...sent, now()].slice(-perSecond);
    },
  };
}
