import type { Verdict } from '../../shared/reason-codes.ts';
import { backoffDelay, type BackoffPace } from './backoff.ts';

/** Why a session is not connected. */
export interface SessionFault {
  /** CamelCase constant, for status and metrics. */
  readonly reason: string;
  /** One sentence for a person. */
  readonly message: string;
  /** Command or setting that mends it. */
  readonly fix?: string;
  /** MQTT 5 reason code, when the broker gave one. */
  readonly reasonCode?: number;
  readonly verdict: Verdict;
}

/** Life of a session. Every attempt to connect has a number, its epoch; what an older one still reports is ignored. */
export type SessionState =
  | { readonly kind: 'idle'; readonly epoch: 0; readonly attempt: 0 }
  /** `fault` is what the attempt before met: it may be met again. */
  | { readonly kind: 'connecting'; readonly epoch: number; readonly attempt: number; readonly fault?: SessionFault }
  | { readonly kind: 'connected'; readonly epoch: number; readonly attempt: number }
  | { readonly kind: 'waiting'; readonly epoch: number; readonly attempt: number; readonly fault: SessionFault }
  | { readonly kind: 'stopped'; readonly epoch: number; readonly attempt: 0 };

export type SessionEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'connected'; readonly epoch: number }
  /** The connection has lasted: the next loss starts from the shortest pause again. */
  | { readonly kind: 'stable'; readonly epoch: number }
  | { readonly kind: 'lost'; readonly epoch: number; readonly fault: SessionFault; readonly random: number }
  | { readonly kind: 'due'; readonly epoch: number }
  | { readonly kind: 'stop' };

export type SessionEffect =
  | { readonly kind: 'connect'; readonly epoch: number }
  | { readonly kind: 'wait'; readonly epoch: number; readonly delayMs: number };

export interface SessionStep {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

export const IDLE: SessionState = { kind: 'idle', epoch: 0, attempt: 0 };

/** What follows from an event; an event that does not fit the state changes nothing. */
export function step(state: SessionState, event: SessionEvent, pace: BackoffPace): SessionStep {
  switch (event.kind) {
    case 'start':
      return state.kind === 'idle' ? connect(1, 0) : unchanged(state);
    case 'connected':
      if (state.kind !== 'connecting' || event.epoch !== state.epoch) return unchanged(state);
      return { state: { kind: 'connected', epoch: state.epoch, attempt: state.attempt }, effects: [] };
    case 'stable':
      if (state.kind !== 'connected' || event.epoch !== state.epoch) return unchanged(state);
      return { state: { ...state, attempt: 0 }, effects: [] };
    case 'lost':
      return lost(state, event, pace);
    case 'due':
      if (state.kind !== 'waiting' || event.epoch !== state.epoch) return unchanged(state);
      return connect(state.epoch + 1, state.attempt, state.fault);
    case 'stop':
      if (state.kind === 'stopped') return unchanged(state);
      return { state: { kind: 'stopped', epoch: state.epoch, attempt: 0 }, effects: [] };
  }
}

function lost(state: SessionState, event: SessionEvent & { kind: 'lost' }, pace: BackoffPace): SessionStep {
  if ((state.kind !== 'connecting' && state.kind !== 'connected') || event.epoch !== state.epoch) {
    return unchanged(state);
  }
  const { epoch, attempt } = state;
  const { fault, random } = event;
  const delayMs = Math.ceil(backoffDelay(fault.verdict, attempt, random, pace));
  return {
    state: { kind: 'waiting', epoch, attempt: attempt + 1, fault },
    effects: [{ kind: 'wait', epoch, delayMs }],
  };
}

function connect(epoch: number, attempt: number, fault?: SessionFault): SessionStep {
  const state = { kind: 'connecting', epoch, attempt, ...(fault && { fault }) } as const;
  return { state, effects: [{ kind: 'connect', epoch }] };
}

function unchanged(state: SessionState): SessionStep {
  return { state, effects: [] };
}
