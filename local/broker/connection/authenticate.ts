import type { IAuthPacket } from 'mqtt-packet';
import type { AuthenticationAttempt, AuthenticationVerdict } from '../hooks.ts';
import { reason } from '../reason.ts';
import type { Connection } from './connection.ts';

/** Asks the authenticate hook about one step and reports its verdict, at once when the hook is synchronous. */
export function askForVerdict(
  connection: Connection,
  attempt: AuthenticationAttempt,
  settle: (verdict: AuthenticationVerdict) => void,
): void {
  const { hooks } = connection.core;
  if (hooks.authenticate === undefined) {
    settle(
      attempt.method === undefined
        ? { kind: 'accepted' }
        : { kind: 'refused', reasonCode: reason.badAuthenticationMethod },
    );
    return;
  }
  const verdict = hooks.authenticate(attempt);
  if (!(verdict instanceof Promise)) {
    settle(verdict);
    return;
  }
  verdict.then(settle, () => settle({ kind: 'refused', reasonCode: reason.serverUnavailable }));
}

/** The step of authentication that a client's AUTH (or, without one, its CONNECT) asks for. */
export function attemptOf(
  connection: Connection,
  packet: IAuthPacket | undefined,
  again: boolean,
  first: boolean,
): AuthenticationAttempt | undefined {
  const { request } = connection;
  if (request === undefined) return undefined;
  connection.round = first ? 0 : connection.round + 1;
  return {
    request,
    method: request.authenticationMethod,
    data: packet === undefined ? request.authenticationData : packet.properties?.authenticationData,
    round: connection.round,
    again,
  };
}
