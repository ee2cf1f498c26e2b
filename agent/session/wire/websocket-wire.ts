import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { WebSocket } from 'ws';
import { connectSocket } from './connect.ts';
import { createIntake } from './intake.ts';
import { beginPassage } from './passage.ts';
import type { Wire, WireHandler, WireTarget } from './wire.ts';

/** A broker may put several packets into one message (MQTT 5, 6.0), so a message may be larger than the largest packet. */
const MESSAGE_SLACK = 256 * 1024;

/** A wire over WebSocket, secure when there is a context. Throws when the target cannot be dialled at all. */
export function openWebSocketWire(
  target: WireTarget,
  secureContext: SecureContext | undefined,
  handler: WireHandler,
  connectTimeoutMs: number,
): Wire {
  const intake = createIntake((bytes, length) => handler.received(bytes, length));
  const early: Uint8Array[] = [];
  const socket = connectSocket(target, secureContext);
  const channel = webSocketOver(socket, target);
  const passage = beginPassage(target, handler, { connectTimeoutMs, onTimeout: () => channel.terminate() });

  socket.once('connect', () => passage.reach(secureContext === undefined ? 'upgrading' : 'securing'));
  if (secureContext !== undefined) socket.once('secureConnect', () => passage.reach('upgrading'));
  socket.on('drain', () => handler.drained());
  channel.once('open', () => {
    for (const bytes of early.splice(0)) channel.send(bytes);
    passage.open();
  });
  channel.on('message', (data: Buffer, isBinary: boolean) => {
    passage.received();
    if (isBinary) {
      if (!intake.take(data, data.length)) channel.pause();
      return;
    }
    // MQTT 5, 6.0: a frame that is not binary closes the connection.
    passage.failWith('WebSocketProtocol', 'text frame');
    intake.discard();
    channel.terminate();
  });
  channel.once('unexpected-response', (_request, response) => {
    passage.failWith('WebSocketRefused', `HTTP status ${response.statusCode ?? 0}`);
    channel.terminate();
  });
  channel.on('error', (error) => passage.fail(error));
  channel.once('close', () => passage.close());

  const isOpen = (): boolean => channel.readyState === WebSocket.OPEN;
  const waiting = (): number => (early.length > 0 ? totalLength(early) : channel.bufferedAmount);
  return {
    write(bytes) {
      if (isOpen()) channel.send(bytes);
      else if (channel.readyState === WebSocket.CONNECTING) early.push(bytes);
      return !socket.writableNeedDrain;
    },
    writtenThrough: () => waiting() === 0,
    get writableLength() {
      return waiting();
    },
    pause() {
      intake.pause();
      channel.pause();
    },
    resume() {
      if (intake.resume()) channel.resume();
    },
    end() {
      if (!passage.opened) return this.destroy();
      passage.end();
      intake.discard();
      channel.resume();
      channel.close();
    },
    destroy() {
      passage.end();
      intake.discard();
      channel.terminate();
    },
  };
}

function webSocketOver(socket: Socket, { host, port, tlsEnabled, maxPacketBytes }: WireTarget): WebSocket {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  try {
    return new WebSocket(`${tlsEnabled ? 'wss' : 'ws'}://${authority}/mqtt`, 'mqtt', {
      createConnection: () => socket,
      perMessageDeflate: false,
      followRedirects: false,
      maxPayload: maxPacketBytes + MESSAGE_SLACK,
    });
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function totalLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
