import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openNetwork } from '../../../../local/demo/network.ts';

async function startEcho(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function echo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.on('error', () => undefined).once('close', () => resolve()));
}

test('the network of the demo carries data, breaks every connection while it is cut, and can be mended', async () => {
  const network = await openNetwork(await startEcho(), 0);
  onTestFinished(() => network.close());
  const before = connect(network.port, '127.0.0.1');
  expect(await echo(before, 'one')).toBe('one');
  const broken = once(before, 'error');
  network.cut();
  expect(await broken).toMatchObject([{ code: 'ECONNRESET' }]);
  await closed(connect(network.port, '127.0.0.1'));
  network.mend();
  const after = connect(network.port, '127.0.0.1');
  expect(await echo(after, 'two')).toBe('two');
  const end = closed(after);
  await network.close();
  await end;
});

test('the network of the demo takes another port when the wanted one is taken', async () => {
  const taken = await startEcho();
  const network = await openNetwork(taken, taken);
  onTestFinished(() => network.close());
  expect(network.port).not.toBe(taken);
});
