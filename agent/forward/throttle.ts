/** How a broker says that publishes come too fast: by refusing one of them, or by ending the connection. */
export type ThrottleSignal = 'refused' | 'disconnected';

/** How a session gives way to a throttling broker and comes back. Shares are parts of the profile's rate. */
export interface ThrottleRules {
  /** What is left of the rate in use after a signal. A lost connection costs more than a refusal. */
  readonly cut: Readonly<Record<ThrottleSignal, number>>;
  /** How much of the rate that was too high is tried again, and then held. */
  readonly resume: Readonly<Record<ThrottleSignal, number>>;
  /** Least share. */
  readonly floor: number;
  /** Share gained per second. */
  readonly step: number;
  /** Time after a signal in which further ones say nothing new, and in which the rate does not grow. */
  readonly quietMs: number;
  /** How long the regained rate is held before more is tried; doubles each time that fails. */
  readonly holdMs: number;
  readonly holdMostMs: number;
}

export const THROTTLE_RULES: ThrottleRules = {
  cut: { refused: 0.7, disconnected: 0.5 },
  resume: { refused: 0.97, disconnected: 0.85 },
  floor: 0.01,
  step: 0.02,
  quietMs: 500,
  holdMs: 10_000,
  holdMostMs: 300_000,
};

/** Whether a session keeps below the profile's rate, and since when. */
export type ThrottleState =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'slowed';
      /** Share after the last cut. */
      readonly share: number;
      /** Share up to which it grows at once. */
      readonly edge: number;
      /** Monotonic milliseconds of the last cut. */
      readonly since: number;
      /** Milliseconds from the cut until it grows beyond the edge. */
      readonly holdMs: number;
    };

export const OPEN: ThrottleState = { kind: 'open' };

/** The share of the rate that may be used now; 1 when the session has recovered. */
export function shareAt(state: ThrottleState, now: number, rules: ThrottleRules): number {
  if (state.kind === 'open') return 1;
  const { share, edge, since, holdMs } = state;
  const grown = share + gain(now - since - rules.quietMs, rules);
  if (grown <= edge) return grown;
  const reachedAt = since + rules.quietMs + ((edge - share) / rules.step) * 1000;
  return Math.min(1, edge + gain(now - Math.max(reachedAt, since + holdMs), rules));
}

/**
 * The broker throttled a publish or the connection: the rate is cut, and grows again later. A rate that was held for
 * long is not given up because more than it was refused.
 * @param used share of the rate that was really in use.
 */
export function throttled(
  state: ThrottleState,
  signal: { readonly kind: ThrottleSignal; readonly used: number; readonly now: number },
  rules: ThrottleRules,
): ThrottleState {
  const { kind, used, now } = signal;
  if (state.kind === 'slowed' && now - state.since < rules.quietMs) return state;
  const allowed = shareAt(state, now, rules);
  const current = Math.min(allowed, Math.max(used, rules.floor));
  const share = Math.max(rules.floor, current * rules.cut[kind]);
  const probing = state.kind === 'slowed' && allowed > state.edge;
  const edge = Math.max(share, probing ? Math.min(state.edge, current) : current * rules.resume[kind]);
  return { kind: 'slowed', share, edge, since: now, holdMs: holdAfter(state, probing, rules) };
}

/** The state as it is now: a session that has regained its whole rate is open again. */
export function recovered(state: ThrottleState, now: number, rules: ThrottleRules): ThrottleState {
  return shareAt(state, now, rules) >= 1 ? OPEN : state;
}

function gain(ms: number, { step }: ThrottleRules): number {
  return Math.max(0, ms / 1000) * step;
}

function holdAfter(state: ThrottleState, probing: boolean, { holdMs, holdMostMs }: ThrottleRules): number {
  if (state.kind === 'open') return holdMs;
  return probing ? Math.min(holdMostMs, state.holdMs * 2) : state.holdMs;
}
