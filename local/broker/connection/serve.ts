import type { Duplex } from 'node:stream';
import type { PeerCertificate } from 'node:tls';
import { createControlParser } from '../codec/control.ts';
import { createFrameGuard } from '../codec/framing.ts';
import type { Core } from '../core.ts';
import { protocolError, reason } from '../reason.ts';
import { setTimer, type Connection } from './connection.ts';
import { cut, finish } from './finish.ts';
import { fail } from './lifecycle.ts';
import { receive } from './receive.ts';
import { createWire } from './wire.ts';

const CONNECT = 1;

/**
 * Works off whole packets. Nothing more is read while the broker makes up its mind about a CONNECT,
 * nor from a client that does not read the answers it gets.
 */
function takePackets(connection: Connection): void {
  const { guard, stream, wire } = connection;
  try {
    for (;;) {
      const { state } = connection;
      if (state.kind === 'closed') return;
      const deciding = state.kind === 'authenticating' && state.turn === 'broker';
      if (deciding || wire.congested()) {
        stream.pause();
        return;
      }
      // MQTT5 3.1: a stream that does not begin with CONNECT is not worth waiting for the rest of its first packet.
      if (state.kind === 'opened' && (guard.nextType() ?? CONNECT) !== CONNECT) protocolError('no CONNECT first');
      const frame = guard.next();
      if (frame === undefined) break;
      connection.lastHeard = connection.core.clock.now();
      receive(connection, frame);
    }
  } catch (error) {
    fail(connection, error);
  }
  if (stream.isPaused()) stream.resume();
}

/** Serves one network connection until it ends. */
export function serve(core: Core, stream: Duplex, certificate: () => PeerCertificate | undefined): Connection {
  const { clock, profile } = core;
  const connection: Connection = {
    core,
    stream,
    certificate,
    wire: createWire(stream, {
      clock,
      lingerMs: profile.lingerMs,
      maximumUnsentBytes: profile.maximumUnsentBytes,
      acknowledged: (packetIds) => {
        for (const packetId of packetIds) {
          connection.openBytes -= connection.open.get(packetId) ?? 0;
          connection.open.delete(packetId);
        }
      },
      room: () => {
        connection.session?.outbound.pump();
        takePackets(connection);
      },
    }),
    guard: createFrameGuard({ publish: profile.maximumPacketSize, control: profile.maximumControlPacketSize }),
    parser: createControlParser(),
    state: { kind: 'opened' },
    version: 4,
    request: undefined,
    will: undefined,
    session: undefined,
    authenticationName: undefined,
    round: 0,
    verdict: undefined,
    aliases: new Map(),
    open: new Map(),
    openBytes: 0,
    lastHeard: clock.now(),
    timers: new Map(),
    ending: undefined,
    resume: () => takePackets(connection),
  };
  setTimer(connection, 'connect', profile.connectTimeoutMs, () => {
    core.events.emit('fault', { clientId: undefined, reasonCode: reason.unspecified, detail: 'no CONNECT in time' });
    cut(connection, { cause: 'protocol', reasonCode: reason.unspecified, detail: 'no CONNECT in time' });
  });
  stream.on('data', (chunk: Buffer) => {
    if (connection.state.kind === 'closed') return;
    connection.guard.push(chunk);
    takePackets(connection);
  });
  // The close that follows an error does the rest.
  stream.on('error', () => {});
  stream.on('end', () => stream.end());
  stream.once('close', () => finish(connection));
  return connection;
}
