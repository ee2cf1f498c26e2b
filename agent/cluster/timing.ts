/** Every delay of membership, in milliseconds; on the monotonic clock of the one who waits. */
export interface ClusterTiming {
  /** Pause between two heartbeats. */
  readonly heartbeatMs: number;
  /** How often decisions are looked at again when nothing is heard. */
  readonly tickMs: number;
  /** A tick so late means that the process stood still: it reads what has come before it does anything. */
  readonly stallMs: number;
  /** An instance without a heartbeat for this long is dead. */
  readonly silenceMs: number;
  /**
   * An instance whose own heartbeat did not come back for this long may be dead to the others. Shorter than the silence
   * by more than a heartbeat takes, so that it knows before another takes its slots.
   */
  readonly echoMs: number;
  /** How long an instance whose connection broke may take to be heard again. */
  readonly suspectMs: number;
  /** How long a newcomer listens before it takes anything: longer than a heartbeat and the answer to it take. */
  readonly settleMs: number;
  /** How long a slot waits for its own instance when nobody has ever seen that. */
  readonly awaitedMs: number;
  /** How long an instance that came back must last before its slot is handed back. */
  readonly handBackMs: number;
  /**
   * So many heartbeats of ours of which none comes back mean that the broker does not pass them on; twice as many when
   * it did before, since a connection that broke silently must show as that first.
   */
  readonly blindBeats: number;
  /** How long an adopter keeps away from a slot that somebody unseen took from it. */
  readonly cooldownMs: number;
  /** How long an instance that is not heard leaves its own slot to a peer that said to run it. */
  readonly retakeMs: number;
  /** How long the start of a route waits for instances that still run an older document. */
  readonly disagreementMs: number;
  /** How long the last claims of a dead instance are remembered. */
  readonly memoryMs: number;
}

export const DEFAULT_CLUSTER_TIMING: ClusterTiming = {
  heartbeatMs: 1_000,
  tickMs: 100,
  stallMs: 500,
  silenceMs: 3_000,
  echoMs: 2_500,
  suspectMs: 400,
  settleMs: 1_000,
  awaitedMs: 10_000,
  handBackMs: 1_000,
  blindBeats: 5,
  cooldownMs: 300_000,
  retakeMs: 30_000,
  disagreementMs: 10_000,
  memoryMs: 600_000,
};
