import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../support/eventually.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { createScope, type Scope } from '../../support/scope.ts';

const SESSION = { clientId: 'subscriber', clean: false, sessionExpiry: 3600 };

/** Leaves a persistent session with queued messages behind. */
async function queueMessages(t: Scope, port: number): Promise<void> {
  const subscriber = await connectRawClient(t, { ...SESSION, port });
  await subscriber.subscribe('a');
  await subscriber.disconnect();
  const publisher = await connectRawClient(t, { port, clientId: 'publisher' });
  for (const payload of ['1', '2', '3']) await publisher.publish({ topic: 'a', payload, qos: 1 });
}

async function readQueue(t: Scope, port: number): Promise<string[]> {
  const subscriber = await connectRawClient(t, { ...SESSION, port });
  expect(subscriber.connack.sessionPresent).toBe(true);
  return (await subscriber.received(3)).map(({ payload }) => payload.toString());
}

test('mosquitto - keeps a persistent session and its queue over restart', async (t) => {
  const broker = await startMosquitto(t, { persistence: true });
  await queueMessages(t, broker.port);
  await broker.restart();
  expect(await readQueue(t, broker.port)).toEqual(['1', '2', '3']);
});

test('mosquitto - keeps them over kill -9 once they are saved', async (t) => {
  const broker = await startMosquitto(t, { persistence: true });
  await queueMessages(t, broker.port);
  await broker.save();
  expect(await broker.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  await broker.restart();
  expect(await readQueue(t, broker.port)).toEqual(['1', '2', '3']);
});

test('mosquitto - forgets them without persistence', async (t) => {
  const broker = await startMosquitto(t);
  await queueMessages(t, broker.port);
  await broker.restart();
  const subscriber = await connectRawClient(t, { ...SESSION, port: broker.port });
  expect(subscriber.connack.sessionPresent).toBe(false);
});

test('mosquitto - answers nothing while paused and everything afterwards', async (t) => {
  const broker = await startMosquitto(t);
  const client = await connectRawClient(t, { port: broker.port, clientId: 'c' });
  broker.pause();
  let answered = false;
  const publish = client.publish({ topic: 'a', payload: '', qos: 1 }).then(() => (answered = true));
  await eventually(() => client.unsent() === 0);
  expect(answered).toBe(false);
  broker.resume();
  await publish;
});

test('mosquitto - asks for a password when it has users', async (t) => {
  const { port } = await startMosquitto(t, { users: { alice: 'secret' } });
  const login = async (password: string) => {
    const connect = { username: 'alice', password: Buffer.from(password) };
    return (await connectRawClient(t, { port, clientId: 'c', connect })).connack.reasonCode;
  };
  expect(await login('secret')).toBe(0);
  expect(await login('wrong')).toBe(0x87);
});

test('mosquitto - listens for WebSockets when asked to', async (t) => {
  const { wsPort } = await startMosquitto(t, { websockets: true });
  const socket = new WebSocket(`ws://127.0.0.1:${wsPort}/mqtt`, 'mqtt');
  t.onTestFinished(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  expect(socket.protocol).toBe('mqtt');
});

test('mosquitto - bridges by a block in its own words', async (t) => {
  const remote = await startMosquitto(t);
  const block = ['connection b', `address 127.0.0.1:${remote.port}`, 'topic a/# out 1', 'notifications false'].join(
    '\n',
  );
  const local = await startMosquitto(t, { bridges: [block] });
  const reader = await connectRawClient(t, { port: remote.port, clientId: 'r' });
  await reader.subscribe('a/#');
  const writer = await connectRawClient(t, { port: local.port, clientId: 'w' });
  await writer.publish({ topic: 'a/b', payload: 'over', qos: 1 });
  expect((await reader.received(1))[0].payload.toString()).toBe('over');
});

test('mosquitto - shows what it logged when it cannot start', async (t) => {
  await expect(startMosquitto(t, { config: 'no_such_option 1' })).rejects.toThrow('no_such_option');
});

test('mosquitto - ends with its scope', async () => {
  const scope = createScope();
  const broker = await startMosquitto(scope);
  await scope.close();
  await expect(connectRawClient(createScope(), { port: broker.port, clientId: 'c' })).rejects.toThrow('ECONNREFUSED');
});
