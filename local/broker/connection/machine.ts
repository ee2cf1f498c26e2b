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
  /** Any packet that is neither CONNECT, AUTH nor DISCONNECT. */
  | { readonly kind: 'packet' }
  | { readonly kind: 'disconnect' }
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

/** The life of a connection: computes, does nothing. */
export function step(state: ConnectionState, event: ConnectionEvent): ConnectionStep {
  if (event.kind === 'lost') return closing({ kind: 'close' });
  switch (state.kind) {
    case 'opened':
      return whenOpened(event);
    case 'authenticating':
      return whenAuthenticating(state, event);
    case 'connected':
      return whenConnected(state, event);
    case 'reauthenticating':
      return whenReauthenticating(state, event);
    case 'closed':
      return { state, effect: NONE };
  }
}

function whenOpened(event: ConnectionEvent): ConnectionStep {
  // MQTT5 3.1: anything but CONNECT first is answered by the end of the connection alone.
  if (event.kind !== 'connect') return closing({ kind: 'close' });
  return {
    state: { kind: 'authenticating', method: event.method, turn: 'broker' },
    effect: { kind: 'authenticate', again: false, first: true },
  };
}

function whenAuthenticating(
  state: Extract<ConnectionState, { kind: 'authenticating' }>,
  event: ConnectionEvent,
): ConnectionStep {
  switch (event.kind) {
    case 'accepted':
      return { state: { kind: 'connected', method: state.method }, effect: { kind: 'admit' } };
    case 'continue':
      return { state: { ...state, turn: 'client' }, effect: { kind: 'challenge' } };
    case 'refused':
      return closing({ kind: 'refuse', reasonCode: event.reasonCode });
    case 'auth': {
      // MQTT5 4.12: the client continues when asked, with the method it began with.
      const expected =
        state.turn === 'client' && event.method === state.method && event.reasonCode === reason.continueAuthentication;
      if (!expected) return closing({ kind: 'refuse', reasonCode: reason.protocolError });
      return { state: { ...state, turn: 'broker' }, effect: { kind: 'authenticate', again: false, first: false } };
    }
    case 'fault':
      return closing({ kind: 'refuse', reasonCode: event.reasonCode });
    case 'disconnect':
    case 'connect':
    case 'packet':
    case 'lost':
      return closing({ kind: 'close' });
  }
}

function whenConnected(state: Extract<ConnectionState, { kind: 'connected' }>, event: ConnectionEvent): ConnectionStep {
  switch (event.kind) {
    case 'packet':
      return { state, effect: HANDLE };
    case 'auth':
      // MQTT5 4.12.1: re-authentication only with the method of CONNECT.
      if (state.method === undefined || event.method !== state.method || event.reasonCode !== reason.reAuthenticate) {
        return expel(reason.protocolError);
      }
      return {
        state: { kind: 'reauthenticating', method: state.method, turn: 'broker' },
        effect: { kind: 'authenticate', again: true, first: true },
      };
    case 'disconnect':
      return closing(HANDLE);
    case 'fault':
      return expel(event.reasonCode);
    case 'connect':
      return expel(reason.protocolError);
    case 'accepted':
    case 'continue':
    case 'refused':
    case 'lost':
      return { state, effect: NONE };
  }
}

function whenReauthenticating(
  state: Extract<ConnectionState, { kind: 'reauthenticating' }>,
  event: ConnectionEvent,
): ConnectionStep {
  switch (event.kind) {
    // MQTT5 4.12.1: other traffic goes on under the earlier authentication.
    case 'packet':
      return { state, effect: HANDLE };
    case 'accepted':
      return { state: { kind: 'connected', method: state.method }, effect: { kind: 'confirm' } };
    case 'continue':
      return { state: { ...state, turn: 'client' }, effect: { kind: 'challenge' } };
    case 'refused':
      return expel(event.reasonCode);
    case 'auth': {
      const expected =
        state.turn === 'client' && event.method === state.method && event.reasonCode === reason.continueAuthentication;
      if (!expected) return expel(reason.protocolError);
      return { state: { ...state, turn: 'broker' }, effect: { kind: 'authenticate', again: true, first: false } };
    }
    case 'disconnect':
      return closing(HANDLE);
    case 'fault':
      return expel(event.reasonCode);
    case 'connect':
      return expel(reason.protocolError);
    case 'lost':
      return closing({ kind: 'close' });
  }
}
