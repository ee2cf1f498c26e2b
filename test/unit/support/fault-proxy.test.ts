import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import type { Scope } from '../../support/scope.ts';

interface Peer {
  readonly socket: Socket;
  bytes(): Buffer;
  ended(): boolean;
  errors: string[];
}

function watch(socket: Socket): Peer {
  const chunks: Buffer[] = [];
  const errors: string[] = [];
  let ended = false;
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('end', () => (ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
  return { socket, bytes: () => Buffer.concat(chunks), ended: () => ended, errors };
}

/** A server behind a proxy and one connection through it, seen from both ends. */
async function connected(
  t: Scope,
): Promise<{ proxy: FaultProxy; client: Peer; server: Peer; dial(): Promise<[Peer, Peer]> }> {
  const listener: Server = createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const sockets: Socket[] = [];
  t.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  const proxy = await startFaultProxy(t, listener.address() as { port: number });
  const dial = async (): Promise<[Peer, Peer]> => {
    const accepted = once(listener, 'connection') as Promise<[Socket]>;
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    const [other] = await accepted;
    sockets.push(socket, other);
    return [watch(socket), watch(other)];
  };
  const [client, server] = await dial();
  return { proxy, client, server, dial };
}

test('fault proxy - passes data and ends in both directions unchanged', async (t) => {
  const { proxy, client, server } = await connected(t);
  const big = Buffer.alloc(3_000_000, 'abc');
  client.socket.end(big);
  await eventually(() => server.bytes().length === big.length && server.ended());
  expect(server.bytes().equals(big)).toBe(true);
  server.socket.end('bye');
  await eventually(() => client.ended());
  expect(client.bytes().toString()).toBe('bye');
  await eventually(() => proxy.connections === 0);
});

test('fault proxy - timeout 0 stalls everything, the end too, and goes on where it stood when removed', async (t) => {
  const { proxy, client, server } = await connected(t);
  const toxic = proxy.add({ type: 'timeout', timeout: 0 });
  const second = Buffer.alloc(20_000_000, 'x');
  client.socket.write(second);
  client.socket.end();
  server.socket.write('back');
  await new Promise((resolve) => setImmediate(resolve));
  expect(server.bytes().length).toBe(0);
  expect(client.bytes().length).toBe(0);
  // Back-pressure: the client's kernel could not get rid of everything.
  expect(client.socket.writableLength).toBeGreaterThan(0);
  toxic.remove();
  await eventually(() => server.ended());
  expect(server.bytes().equals(second)).toBe(true);
  await eventually(() => client.bytes().toString() === 'back');
});
