/** Keeps the CONNECTs of a session apart, across its connections and reloads; sessions go by their key in the plan. */
export interface ConnectSpacing {
  /** Milliseconds until the session may connect again; 0 when it may now. */
  wait(key: string, leastMs: number): number;
  /** A CONNECT of the session left at this moment at the latest. */
  connected(key: string): void;
}

/** @param now monotonic milliseconds. */
export function createConnectSpacing(now: () => number): ConnectSpacing {
  const last = new Map<string, number>();
  return {
    wait(key, leastMs) {
      const since = now() - (last.get(key) ?? Number.NEGATIVE_INFINITY);
      return Math.ceil(Math.max(0, leastMs - since));
    },
    connected: (key) => void last.set(key, now()),
  };
}
