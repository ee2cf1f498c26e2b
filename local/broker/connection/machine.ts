import { reason } from '../reason.ts';

/** Where a connection stands between its first byte and its end. */
export type ConnectionState =
  | { readonly kind: 'opened' }
  | { readonly kind: 'authenticating'; readonly method: string | undefined; readonly turn: 'broker' | 'client' }
  | { readonly kind: 'connected'; readonly method: string | undefined }
  | { readonly kind: 'reauthenticating'; readonly method: string; readonly turn: 'broker' | 'client' }
  | { readonly kind: 'closed' };

/** What can happen to it. */
export type ConnectionEvent =
  | { readonly kind: 'connect'; readonly method: string | undefined }
  | { readonly kind: 'auth'; readonly reasonCode: number; readonly method: string | undefined }
  /** Any packet that is neither CONNECT nor AUTH. */
  | { readonly kind: 'packet' }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'refused'; readonly reasonCode: number }
  | { readonly kind: 'fault'; readonly reasonCode: number }
  | { readonly kind: 'lost' };

/** What is to be done about it. */
export type ConnectionEffect =
  | { readonly kind: 'none' }
  /** Hand the packet to its handler. */
  | { readonly kind: 'handle' }
  | { readonly kind: 'authenticate'; readonly again: boolean; readonly first: boolean }
  /** AUTH 0x18 with the data of the verdict. */
  | { readonly kind: 'challenge' }
  /** Open the session and send CONNACK. */
  | { readonly kind: 'admit' }
  /** AUTH 0x00: the renewed credentials are good. */
  | { readonly kind: 'confirm' }
  /** CONNACK with the code, then the end. */
  | { readonly kind: 'refuse'; readonly reasonCode: number }
  /** DISCONNECT with the code where the version has it, then the end. */
  | { readonly kind: 'expel'; readonly reasonCode: number }
  /** The end without a word. */
  | { readonly kind: 'close' };

/** A state and the one thing to do on the way into it. */
export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly effect: ConnectionEffect;
}

const CLOSED: ConnectionState = { kind: 'closed' };
const HANDLE: ConnectionEffect = { kind: 'handle' };
const NONE: ConnectionEffect = { kind: 'none' };

function closing(effect: ConnectionEffect): ConnectionStep {
  return { state: CLOSED, effect };
}

function expel(reasonCode: number): ConnectionStep {
  return closing({ kind: 'expel', reasonCode });
}

type StateOf<Kind extends ConnectionState['kind']> = Extract<ConnectionState, { kind: Kind }>;

/** What one state makes of each event: a missing one does not compile. */
type Transitions<State> = {
  readonly [Kind in ConnectionEvent['kind']]: (
    state: State,
    event: Extract<ConnectionEvent, { kind: Kind }>,
  ) => ConnectionStep;
};

const close = (): ConnectionStep => closing({ kind: 'close' });
const outOfPlace = (): ConnectionStep => expel(reason.protocolError);
const ignore = (state: ConnectionState): ConnectionStep => ({ state, effect: NONE });
const handle = (state: ConnectionState): ConnectionStep => ({ state, effect: HANDLE });

/** MQTT5 4.12: the client continues when asked, with the method it began with. */
function continues(
  state: StateOf<'authenticating' | 'reauthenticating'>,
  event: Extract<ConnectionEvent, { kind: 'auth' }>,
): boolean {
  const asked = state.turn === 'client' && event.reasonCode === reason.continueAuthentication;
  return asked && event.method === state.method;
}

// MQTT5 3.1: anything but CONNECT first is answered by the end of the connection alone.
const whenOpened: Transitions<StateOf<'opened'>> = {
  connect: (_state, { method }) => ({
    state: { kind: 'authenticating', method, turn: 'broker' },
    effect: { kind: 'authenticate', again: false, first: true },
  }),
  auth: close,
  packet: close,
  accepted: close,
  continue: close,
  refused: close,
  fault: close,
  lost: close,
};

const whenAuthenticating: Transitions<StateOf<'authenticating'>> = {
  accepted: ({ method }) => ({ state: { kind: 'connected', method }, effect: { kind: 'admit' } }),
  continue: (state) => ({ state: { ...state, turn: 'client' }, effect: { kind: 'challenge' } }),
  refused: (_state, { reasonCode }) => closing({ kind: 'refuse', reasonCode }),
  auth: (state, event) =>
    continues(state, event)
      ? { state: { ...state, turn: 'broker' }, effect: { kind: 'authenticate', again: false, first: false } }
      : closing({ kind: 'refuse', reasonCode: reason.protocolError }),
  fault: (_state, { reasonCode }) => closing({ kind: 'refuse', reasonCode }),
  connect: close,
  packet: close,
  lost: close,
};

const whenConnected: Transitions<StateOf<'connected'>> = {
  packet: handle,
  auth({ method }, event) {
    // MQTT5 4.12.1: re-authentication only with the method of CONNECT.
    const renews = method !== undefined && event.method === method && event.reasonCode === reason.reAuthenticate;
    if (!renews) return outOfPlace();
    return {
      state: { kind: 'reauthenticating', method, turn: 'broker' },
      effect: { kind: 'authenticate', again: true, first: true },
    };
  },
  fault: (_state, { reasonCode }) => expel(reasonCode),
  connect: outOfPlace,
  accepted: ignore,
  continue: ignore,
  refused: ignore,
  lost: close,
};

const whenReauthenticating: Transitions<StateOf<'reauthenticating'>> = {
  // MQTT5 4.12.1: other traffic goes on under the earlier authentication.
  packet: handle,
  accepted: ({ method }) => ({ state: { kind: 'connected', method }, effect: { kind: 'confirm' } }),
  continue: (state) => ({ state: { ...state, turn: 'client' }, effect: { kind: 'challenge' } }),
  // MQTT5 3.14.2.1: "unavailable" is for CONNACK only.
  refused: (_state, { reasonCode }) => expel(reasonCode === reason.serverUnavailable ? reason.serverBusy : reasonCode),
  auth: (state, event) =>
    continues(state, event)
      ? { state: { ...state, turn: 'broker' }, effect: { kind: 'authenticate', again: true, first: false } }
      : outOfPlace(),
  fault: (_state, { reasonCode }) => expel(reasonCode),
  connect: outOfPlace,
  lost: close,
};

function follow<State>(transitions: Transitions<State>, state: State, event: ConnectionEvent): ConnectionStep {
  // The compiler cannot see that the handler found by an event's kind takes that event.
  const transition = transitions[event.kind] as (state: State, event: ConnectionEvent) => ConnectionStep;
  return transition(state, event);
}

/** The life of a connection: computes, does nothing. */
export function step(state: ConnectionState, event: ConnectionEvent): ConnectionStep {
  if (state.kind === 'connected') return follow(whenConnected, state, event);
  if (state.kind === 'opened') return follow(whenOpened, state, event);
  if (state.kind === 'authenticating') return follow(whenAuthenticating, state, event);
  if (state.kind === 'reauthenticating') return follow(whenReauthenticating, state, event);
  return ignore(state);
}
