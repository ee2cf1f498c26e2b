import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { WebSocket } from 'ws';
import { connectSocket } from './connect.ts';
import { type Intake, createIntake } from './intake.ts';
import { type Passage, beginPassage } from './passage.ts';
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
  const socket = connectSocket(target, secureContext);
  const channel = webSocketOver(socket, target);
  const intake = createIntake((bytes, length) => handler.received(bytes, length));
  const passage = beginPassage(target, handler, { connectTimeoutMs, onTimeout: () => channel.terminate() });
  const early: Uint8Array[] = [];

  socket.once('connect', () => passage.reach(secureContext === undefined ? 'upgrading' : 'securing'));
  if (secureContext !== undefined) socket.once('secureConnect', () => passage.reach('upgrading'));
  socket.on('drain', () => handler.drained());
  channel.once('open', () => {
    for (const bytes of early.splice(0)) channel.send(bytes);
    passage.open();
  });
  channel.on('error', (error) => passage.fail(error));
  channel.once('close', () => passage.close());
  listenForMessages(channel, intake, passage);
  return controls({ socket, channel, intake, passage, early });
}

interface Parts {
  readonly socket: Socket;
  readonly channel: WebSocket;
  readonly intake: Intake;
  readonly passage: Passage;
  /** What was given before the WebSocket stood. */
  readonly early: Uint8Array[];
}

function listenForMessages(channel: WebSocket, intake: Intake, passage: Passage): void {
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
}

function controls({ socket, channel, intake, passage, early }: Parts): Wire {
  const waiting = (): number => channel.bufferedAmount + early.reduce((sum, bytes) => sum + bytes.length, 0);
  const destroy = (): void => {
    passage.end();
    intake.discard();
    early.length = 0;
    channel.terminate();
  };
  return {
    write(bytes) {
      if (channel.readyState === WebSocket.OPEN) channel.send(bytes);
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
      if (!passage.opened) return destroy();
      passage.end();
      intake.discard();
      channel.resume();
      channel.close();
    },
    destroy,
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
