import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../support/certificates.ts';
import { eventually } from '../../support/eventually.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { pairOf } from './pair.ts';
import { recordWire } from './recorder.ts';
import { startTcpServer, startTlsServer } from './servers.ts';

const CONNECT = Buffer.from('100c00044d515454040200050000', 'hex');
const authority = await createAuthority();
const server = pairOf(await authority.issue());

describe('a wire', () => {
  test('reaches Mosquitto over TCP and hears its CONNACK', async (t) => {
    const broker = await startMosquitto(t);
    const peer = recordWire(t, { port: broker.port });
    await peer.opened();
    peer.wire.write(CONNECT);
    await eventually(() => peer.bytes().length === 4);
    expect(peer.bytes()[0]).toBe(0x20);
    peer.wire.write(Buffer.from([0xe0, 0]));
    peer.wire.end();
    expect(await peer.closed()).toBeUndefined();
    expect(peer.calls).toEqual(['opened', 'received', 'closed']);
  });

  test('reaches Mosquitto over TLS with a client certificate', async (t) => {
    const client = pairOf(await authority.issue({ commonName: 'edge-1' }));
    const tls = { certificate: server.cert, key: server.key, clientCa: authority.certificate };
    const broker = await startMosquitto(t, { tls });
    const peer = recordWire(t, {
      port: broker.tlsPort ?? 0,
      tls: { ca: [authority.certificate], cert: client.cert, key: client.key },
    });
    await peer.opened();
    peer.wire.write(CONNECT);
    await eventually(() => peer.bytes().length === 4);
    expect(peer.bytes()[0]).toBe(0x20);
  });

  test.for([false, true])('keeps 50 parallel streams apart in one shared read buffer (TLS %s)', async (secure, t) => {
    // Each connection gets a stream of its own byte, written in small turns so that the sockets take turns in one loop.
    const rounds = 200;
    const serve = (socket: Socket): void => {
      socket.once('data', (name) => {
        let left = rounds;
        const next = (): void => {
          if (left-- === 0) return void socket.end();
          socket.write(Buffer.alloc(1000 + left, name[0]));
          setImmediate(next);
        };
        next();
      });
    };
    const { port } = secure ? await startTlsServer(t, server, serve) : await startTcpServer(t, serve);
    const peers = Array.from({ length: 50 }, () =>
      recordWire(t, { port, ...(secure ? { tls: { ca: [authority.certificate] } } : {}) }),
    );
    for (const [index, peer] of peers.entries()) peer.wire.write(Buffer.of(index + 1));
    await Promise.all(peers.map((peer) => peer.closed()));
    const expected = Array.from({ length: rounds }, (_, left) => 1000 + left).reduce((sum, size) => sum + size, 0);
    for (const [index, peer] of peers.entries()) {
      expect(peer.bytes().equals(Buffer.alloc(expected, index + 1))).toBe(true);
    }
  });

  test.for([false, true])('hands nothing over while it is paused, and loses nothing (TLS %s)', async (secure, t) => {
    const sent = Buffer.alloc(3_000_000, 7);
    const { port } = secure
      ? await startTlsServer(t, server, (socket) => void socket.end(sent))
      : await startTcpServer(t, (socket) => void socket.end(sent));
    const peer = recordWire(t, { port, ...(secure ? { tls: { ca: [authority.certificate] } } : {}) });
    peer.accept(false);
    let taken = 0;
    while (taken < sent.length) {
      const before = taken;
      await eventually(() => peer.bytes().length > before);
      taken = peer.bytes().length;
      // Whatever was on its way has had a turn of the loop to come through.
      await new Promise(setImmediate);
      expect(peer.bytes().length).toBe(taken);
      peer.wire.resume();
    }
    expect(await peer.closed()).toMatchObject({ reason: 'ConnectionClosed' });
    expect(peer.bytes().equals(sent)).toBe(true);
  });

  test('says when its output is full, when there is room, and when all has left', async (t) => {
    const { port, sockets } = await startTcpServer(t, (socket) => void socket.pause());
    const peer = recordWire(t, { port });
    await peer.opened();
    await eventually(() => sockets.size === 1);
    expect(peer.wire.writtenThrough()).toBe(true);
    while (peer.wire.write(Buffer.alloc(100_000)));
    expect(peer.wire.writtenThrough()).toBe(false);
    expect(peer.wire.writableLength).toBeGreaterThan(0);
    for (const socket of sockets) socket.resume();
    await eventually(() => peer.calls.includes('drained'));
    expect(peer.wire.writtenThrough()).toBe(true);
  });

  test('ignores what is written after the end, and closes once', async (t) => {
    const { port } = await startTcpServer(t, (socket) => void socket.resume());
    const peer = recordWire(t, { port });
    await peer.opened();
    peer.wire.end();
    expect(peer.wire.write(CONNECT)).toBe(true);
    expect(await peer.closed()).toBeUndefined();
    peer.wire.write(CONNECT);
    peer.wire.destroy();
    peer.wire.end();
    expect(peer.calls).toEqual(['opened', 'closed']);
  });

  test('given up before it opened never opens', async (t) => {
    const { port } = await startTcpServer(t, (socket) => void socket.resume());
    const peer = recordWire(t, { port });
    peer.wire.end();
    expect(await peer.closed()).toBeUndefined();
    expect(peer.calls).toEqual(['closed']);
  });
});
