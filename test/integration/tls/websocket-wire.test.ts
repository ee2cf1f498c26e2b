import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import type { Scope } from '../../support/scope.ts';
import { pairOf } from './pair.ts';
import { recordWire } from './recorder.ts';

const CONNECT = Buffer.from('100c00044d515454040200050000', 'hex');
const authority = await createAuthority();
const server = pairOf(await authority.issue());

/** A WebSocket server at /mqtt that offers every extension and the sub-protocol mqtt. */
async function startServer(scope: Scope, serve: (socket: WebSocket) => void, secure = false): Promise<number> {
  const web = secure ? createHttpsServer(server) : createHttpServer();
  const sockets = new WebSocketServer({ server: web, path: '/mqtt', perMessageDeflate: true });
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined);
    serve(socket);
  });
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  scope.onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    web.close();
  });
  return (web.address() as AddressInfo).port;
}

describe('a WebSocket wire', () => {
  test.for([false, true])('reaches Mosquitto and hears its CONNACK (TLS %s)', async (secure, t) => {
    const tls = { certificate: server.cert, key: server.key };
    const broker = await startMosquitto(t, { websockets: true, ...(secure ? { tls } : {}) });
    const port = (secure ? broker.wssPort : broker.wsPort) ?? 0;
    const peer = recordWire(t, { port, transport: 'ws', ...(secure ? { tls: { ca: [authority.certificate] } } : {}) });
    await peer.opened();
    peer.wire.write(CONNECT);
    await eventually(() => peer.bytes().length === 4);
    expect(peer.bytes()[0]).toBe(0x20);
    peer.wire.end();
    expect(await peer.closed()).toBeUndefined();
    expect(peer.calls).toEqual(['opened', 'received', 'closed']);
  });

  test('sends one binary message per write, uncompressed, also what was written before it opened', async (t) => {
    const messages: { bytes: Buffer; isBinary: boolean }[] = [];
    let extensions: string | undefined;
    let protocol: string | undefined;
    const port = await startServer(t, (socket) => {
      ({ extensions, protocol } = socket);
      socket.on('message', (bytes: Buffer, isBinary) => messages.push({ bytes, isBinary }));
    });
    const peer = recordWire(t, { port, transport: 'ws' });
    const reused = Buffer.from('one');
    peer.wire.write(reused);
    expect(peer.wire.writtenThrough()).toBe(false);
    await peer.opened();
    peer.wire.write(Buffer.from('two'));
    await eventually(() => peer.wire.writtenThrough() && messages.length === 2);
    expect(reused.toString()).toBe('one');
    expect(messages.map(({ bytes }) => bytes.toString())).toEqual(['one', 'two']);
    expect(messages.every(({ isBinary }) => isBinary)).toBe(true);
    expect({ extensions, protocol }).toEqual({ extensions: '', protocol: 'mqtt' });
  });

  test('hands nothing over while it is paused, and loses nothing', async (t) => {
    const count = 500;
    const port = await startServer(t, (socket) => {
      for (let index = 0; index < count; index++) socket.send(Buffer.alloc(2000, index % 251));
      socket.close();
    });
    const peer = recordWire(t, { port, transport: 'ws' });
    peer.accept(false);
    for (let taken = 0; taken < count; taken++) {
      await eventually(() => peer.bytes().length > taken * 2000);
      await new Promise(setImmediate);
      expect(peer.bytes().length).toBe((taken + 1) * 2000);
      peer.wire.resume();
    }
    expect(await peer.closed()).toMatchObject({ reason: 'ConnectionClosed' });
    const expected = Buffer.concat(Array.from({ length: count }, (_, index) => Buffer.alloc(2000, index % 251)));
    expect(peer.bytes().equals(expected)).toBe(true);
  });

  test('says when its output is full and when there is room', async (t) => {
    const sockets: WebSocket[] = [];
    const port = await startServer(t, (socket) => {
      socket.pause();
      sockets.push(socket);
    });
    const peer = recordWire(t, { port, transport: 'ws' });
    await peer.opened();
    await eventually(() => sockets.length === 1);
    while (peer.wire.write(Buffer.alloc(100_000)));
    expect(peer.wire.writableLength).toBeGreaterThan(0);
    sockets[0]?.resume();
    await eventually(() => peer.calls.includes('drained'));
    await eventually(() => peer.wire.writtenThrough());
  });

  test('closes on a text frame', async (t) => {
    const port = await startServer(t, (socket) => socket.send('text'));
    const peer = recordWire(t, { port, transport: 'ws' });
    expect(await peer.closed()).toMatchObject({ reason: 'WebSocketProtocol' });
    expect(peer.bytes().length).toBe(0);
  });

  test('closes on a message far above the largest packet, without taking it', async (t) => {
    const port = await startServer(t, (socket) => socket.send(Buffer.alloc(400_000)));
    const peer = recordWire(t, { port, transport: 'ws' });
    expect(await peer.closed()).toMatchObject({ reason: 'WebSocketProtocol' });
    expect(peer.bytes().length).toBe(0);
  });

  test('refuses a server that does not choose the sub-protocol mqtt', async (t) => {
    const web = createHttpServer();
    const sockets = new WebSocketServer({ server: web, handleProtocols: () => false });
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    t.onTestFinished(() => {
      sockets.close();
      web.close();
    });
    const fault = await recordWire(t, { port: (web.address() as AddressInfo).port, transport: 'ws' }).closed();
    expect(fault).toMatchObject({ reason: 'WebSocketRefused' });
  });

  test('given up before it opened never opens, and ignores what is written after the end', async (t) => {
    const port = await startServer(t, () => undefined);
    const early = recordWire(t, { port, transport: 'ws' });
    early.wire.end();
    expect(await early.closed()).toBeUndefined();
    expect(early.calls).toEqual(['closed']);
    const peer = recordWire(t, { port, transport: 'ws' });
    await peer.opened();
    peer.wire.end();
    peer.wire.write(CONNECT);
    expect(await peer.closed()).toBeUndefined();
    peer.wire.write(CONNECT);
    peer.wire.destroy();
    expect(peer.calls).toEqual(['opened', 'closed']);
  });
});
