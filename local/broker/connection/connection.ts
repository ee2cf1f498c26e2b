import type { Duplex } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import type { ControlParser, Will } from '../codec/control.ts';
import type { FrameGuard } from '../codec/framing.ts';
import type { ProtocolVersion } from '../codec/publish.ts';
import type { Core } from '../core.ts';
import type { DisconnectCause } from '../events.ts';
import type { AuthenticationVerdict, ConnectRequest, HookClient } from '../hooks.ts';
import type { Session } from '../session/session.ts';
import type { ConnectionState } from './machine.ts';
import type { Wire } from './wire.ts';

/** One network connection and what is known of its client; the functions of this folder work on it. */
export interface Connection {
  readonly core: Core;
  readonly stream: Duplex;
  readonly wire: Wire;
  readonly guard: FrameGuard;
  readonly parser: ControlParser;
  /** The client's TLS certificate, asked for once CONNECT is there. */
  readonly certificate: () => PeerCertificate | undefined;
  state: ConnectionState;
  version: ProtocolVersion;
  request: ConnectRequest | undefined;
  will: Will | undefined;
  session: Session | undefined;
  authenticationName: string | undefined;
  /** The step of authentication the client's next AUTH belongs to. */
  round: number;
  verdict: AuthenticationVerdict | undefined;
  /** Topic aliases the client set up. */
  readonly aliases: Map<number, string>;
  /** Payload bytes of QoS 1 and 2 messages whose last acknowledgement is not handed to the socket yet, by packet identifier. */
  readonly open: Map<number, number>;
  /** Bytes of payload of all of them. */
  openBytes: number;
  /** Milliseconds on the clock. */
  lastHeard: number;
  /** Stops every timer of this connection. */
  readonly timers: Map<'connect' | 'keep-alive' | 'credentials', () => void>;
  /** Told why it ended, when somebody other than the client ends it. */
  ending: { readonly cause: DisconnectCause; readonly reasonCode: number; readonly detail: string } | undefined;
  /** Goes on with packets that waited for a verdict. */
  readonly resume: () => void;
}

/** The client as hooks see it; only for a connection with a session. */
export function hookClientOf(connection: Connection): HookClient {
  return {
    clientId: connection.request?.clientId ?? '',
    version: connection.version,
    authenticationName: connection.authenticationName,
  };
}

/** Replaces a timer of the connection. */
export function setTimer(
  connection: Connection,
  name: 'connect' | 'keep-alive' | 'credentials',
  delay: number,
  action: () => void,
): void {
  connection.timers.get(name)?.();
  connection.timers.set(name, connection.core.clock.after(delay, action));
}

/** Stops one timer, if it runs. */
export function stopTimer(connection: Connection, name: 'connect' | 'keep-alive' | 'credentials'): void {
  connection.timers.get(name)?.();
  connection.timers.delete(name);
}
