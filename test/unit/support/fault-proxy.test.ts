import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { packetId } from '../../support/frames.ts';
import { startRawBroker } from '../../support/raw-broker.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import type { Scope } from '../../support/scope.ts';

const FOREVER_MS = 3_600_000;

interface Peer {
  readonly socket: Socket;
  readonly chunks: readonly Buffer[];
  readonly text: () => string;
  readonly ended: () => boolean;
  /** `closed`, or the error's code. */
  readonly end: () => string | undefined;
}

function watch(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  let ended = false;
  let end: string | undefined;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => (ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code));
  socket.on('close', () => (end ??= 'closed'));
  return { socket, chunks, text: () => Buffer.concat(chunks).toString(), ended: () => ended, end: () => end };
}

interface Pair {
  readonly proxy: FaultProxy;
  readonly client: Peer;
  readonly server: Peer;
}

/** A connection through a proxy, seen from both ends; neither end closes by itself. */
async function connected(t: Scope, allowHalfOpen = true): Promise<Pair> {
  const listener = createServer({ allowHalfOpen });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const proxy = await startFaultProxy(t, listener.address() as { port: number });
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen });
  const [server] = await accepted;
  t.onTestFinished(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  return { proxy, client: watch(client), server: watch(server) };
}

/** Lets data that nothing holds back cross, there and back, a few times. */
async function othersCross(t: Scope): Promise<void> {
  const { client, server } = await connected(t);
  for (let i = 1; i <= 5; i++) {
    client.socket.write('.');
    await eventually(() => server.text().length === i);
    server.socket.write('.');
    await eventually(() => client.text().length === i);
  }
}

test('fault proxy - passes data and ends in both directions unchanged', async (t) => {
  const { proxy, client, server } = await connected(t);
  const big = 'abc'.repeat(1_000_000);
  client.socket.end(big);
  await eventually(() => server.ended());
  expect(server.text() === big).toBe(true);
  server.socket.end('bye');
  await eventually(() => client.ended());
  expect(client.text()).toBe('bye');
  await eventually(() => proxy.connections === 0);
  expect(proxy.accepted).toBe(1);
});

test('fault proxy - latency holds data back in its direction only, until removed', async (t) => {
  const { proxy, client, server } = await connected(t);
  const toxic = proxy.add({ type: 'latency', latency: FOREVER_MS }, 'upstream');
  client.socket.write('late');
  server.socket.write('early');
  await eventually(() => client.text() === 'early');
  await othersCross(t);
  expect(server.text()).toBe('');
  toxic.remove();
  await eventually(() => server.text() === 'late');
});

test('fault proxy - latency with jitter keeps the order', async (t) => {
  const { proxy, client, server } = await connected(t);
  proxy.add({ type: 'latency', latency: 5, jitter: 5 });
  const parts = Array.from({ length: 50 }, (_, i) => `${i};`);
  for (const part of parts) {
    client.socket.write(part);
    await nextTurn();
  }
  await eventually(() => server.text() === parts.join(''));
});

test('fault proxy - bandwidth lets some through, and pushes back on the sender', async (t) => {
  const { proxy, client, server } = await connected(t);
  const toxic = proxy.add({ type: 'bandwidth', rate: 1 });
  const big = 'x'.repeat(20_000_000);
  client.socket.write(big);
  await eventually(() => server.text().length > 0);
  await othersCross(t);
  expect(server.text().length).toBeLessThan(1_000_000);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  toxic.remove();
  await eventually(() => server.text().length === big.length);
});

test('fault proxy - slow_close passes data at once and the end late', async (t) => {
  const { proxy, client, server } = await connected(t);
  const toxic = proxy.add({ type: 'slow_close', delay: FOREVER_MS });
  client.socket.end('data');
  await eventually(() => server.text() === 'data');
  await othersCross(t);
  expect(server.ended()).toBe(false);
  toxic.remove();
  await eventually(() => server.ended());
});

test('fault proxy - timeout 0 stalls all data with back-pressure, and goes on where it stood when removed', async (t) => {
  const { proxy, client, server } = await connected(t);
  const toxic = proxy.add({ type: 'timeout', timeout: 0 });
  const big = 'x'.repeat(20_000_000);
  client.socket.end(big);
  server.socket.write('back');
  await othersCross(t);
  expect([server.text(), client.text()]).toEqual(['', '']);
  expect(client.socket.writableLength).toBeGreaterThan(0);
  toxic.remove();
  await eventually(() => server.ended() && client.text() === 'back');
  expect(server.text() === big).toBe(true);
});

test.for(['end', 'reset'] as const)(
  'fault proxy - timeout 0 leaves the other side half-open after %s',
  async (how, t) => {
    const { proxy, client, server } = await connected(t);
    const toxic = proxy.add({ type: 'timeout', timeout: 0 });
    if (how === 'end') client.socket.destroy();
    else client.socket.resetAndDestroy();
    await othersCross(t);
    expect([server.ended(), server.end(), proxy.connections]).toEqual([false, undefined, 1]);
    toxic.remove();
    await eventually(() => server.ended() || server.end());
  },
);

test('fault proxy - timeout closes the connection after its time', async (t) => {
  const { proxy, client, server } = await connected(t, false);
  proxy.add({ type: 'timeout', timeout: 10 }, 'downstream');
  await eventually(() => client.end() && server.end());
  expect(proxy.connections).toBe(0);
});

test('fault proxy - reset_peer resets both sides', async (t) => {
  const { proxy, client, server } = await connected(t);
  proxy.add({ type: 'reset_peer', timeout: 0 });
  await eventually(() => client.end() === 'ECONNRESET' && server.end() === 'ECONNRESET');
});

test('fault proxy - slicer cuts into small pieces that arrive one by one', async (t) => {
  const { proxy, client, server } = await connected(t);
  proxy.add({ type: 'slicer', average_size: 10, size_variation: 4, delay: 100 });
  const text = 'abcdefghij'.repeat(20);
  client.socket.write(text);
  await eventually(() => server.text() === text);
  expect(server.chunks.length).toBeGreaterThan(5);
});

test('fault proxy - limit_data closes after exactly so many bytes', async (t) => {
  const { proxy, client, server } = await connected(t, false);
  proxy.add({ type: 'limit_data', bytes: 5 }, 'upstream');
  client.socket.write('abc');
  await eventually(() => server.text() === 'abc');
  client.socket.write('defg');
  await eventually(() => server.end() && client.end());
  expect(server.text()).toBe('abcde');
});

test('fault proxy - down cuts and refuses, up listens on the same port again', async (t) => {
  const { proxy, client } = await connected(t, false);
  await proxy.down();
  await eventually(() => client.end());
  const refused = watch(connect(proxy.port, '127.0.0.1'));
  await eventually(() => refused.end() === 'ECONNREFUSED');
  await proxy.up();
  const again = connect(proxy.port, '127.0.0.1');
  t.onTestFinished(() => void again.destroy());
  await once(again, 'connect');
});

test('fault proxy - cutAll ends what is open and accepts what comes', async (t) => {
  const { proxy, client, server } = await connected(t, false);
  proxy.cutAll();
  await eventually(() => client.end() === 'ECONNRESET' && server.end() === 'ECONNRESET');
  const again = connect(proxy.port, '127.0.0.1');
  t.onTestFinished(() => void again.destroy());
  await eventually(() => proxy.connections === 1);
  proxy.cutAll('close');
  expect(await once(watch(again).socket, 'close')).toEqual([false]);
});

test('fault proxy - a client sees its connection end when the server is not there', async (t) => {
  const gone = await startRawBroker(t);
  await gone.close();
  const proxy = await startFaultProxy(t, gone);
  await expect(connectRawClient(t, { port: proxy.port, clientId: 'c' })).rejects.toThrow();
});

test('fault proxy - swallows the packet a rule names, and nothing else, also with sliced streams', async (t) => {
  const broker = await startRawBroker(t);
  const proxy = await startFaultProxy(t, broker);
  const client = await connectRawClient(t, { port: proxy.port, clientId: 'c' });
  proxy.add({ type: 'slicer', average_size: 2 });
  const seen: number[] = [];
  const rule = proxy.swallow('downstream', (frame) => {
    seen.push(packetId(frame));
    return frame.command === 'puback' && packetId(frame) === 2;
  });
  const publish = (payload: string) => client.publish({ topic: 'a', payload, qos: 1 });
  const [first, second, third] = [publish('1'), publish('2'), publish('3')];
  expect(await Promise.all([first, third])).toMatchObject([{ messageId: 1 }, { messageId: 3 }]);
  expect(seen).toEqual([1, 2, 3]);
  rule.remove();
  expect(await publish('4')).toMatchObject({ messageId: 4 });
  expect(client.session.inFlight()).toBe(1);
  client.drop();
  await expect(second).rejects.toThrow('connection closed');
});

test('fault proxy - reset takes everything off', async (t) => {
  const { proxy, client, server } = await connected(t);
  proxy.add({ type: 'timeout', timeout: 0 });
  proxy.swallow('upstream', () => true);
  client.socket.write('x');
  proxy.reset();
  await eventually(() => server.text() === 'x');
});
