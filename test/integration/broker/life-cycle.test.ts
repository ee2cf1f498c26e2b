import { connect } from 'node:net';
import { generate } from 'mqtt-packet';
import { expect, test } from 'vitest';
import { createBroker } from '../../../local/broker/broker.ts';
import { startBroker } from './support/broker.ts';
import { connectPacket, connectRaw, openRaw, subscribeRaw } from './support/raw-client.ts';

test('close tells MQTT 5 clients 0x8B, ends every socket and frees the port', async () => {
  const broker = createBroker();
  const { port } = await broker.listen();
  const client = await connectRaw(port, 'c', { properties: { sessionExpiryInterval: 100 } });
  const silent = await openRaw(port);
  await broker.close();
  expect((await client.expect('disconnect')).reasonCode).toBe(0x8b);
  await Promise.all([client.closed, silent.closed]);
  const again = createBroker();
  expect((await again.listen({ port })).port).toBe(port);
  await again.close();
});

test('close waits for no client that does not read', async () => {
  const broker = createBroker();
  const { port } = await broker.listen();
  const client = await connectRaw(port, 'c');
  await subscribeRaw(client, 'a', { qos: 0 });
  client.socket.pause();
  for (let n = 0; n < 200; n += 1) broker.publish({ topic: 'a', payload: Buffer.alloc(100_000) });
  await broker.close();
});

test('close rejects whoever waits for an event', async () => {
  const broker = createBroker();
  const waiting = broker.events.next('connected');
  await broker.close();
  await expect(waiting).rejects.toThrow('closed');
});

test('a port in use is an error of listen', async () => {
  const { port } = await startBroker();
  await expect(startBroker({}, { port })).rejects.toThrow('EADDRINUSE');
});

test('brokers of one process share nothing', async () => {
  const one = await startBroker();
  const two = await startBroker();
  await connectRaw(one.port, 'c');
  expect(two.broker.sessions()).toEqual([]);
});

test('disconnect and cut end a connection with and without a word', async () => {
  const { broker, port } = await startBroker();
  const told = await connectRaw(port, 'told');
  const causes: unknown[] = [];
  broker.events.on('disconnected', ({ cause, reasonCode }) => causes.push([cause, reasonCode]));
  broker.disconnect('told', 0x89);
  expect((await told.expect('disconnect')).reasonCode).toBe(0x89);
  const cut = await connectRaw(port, 'cut');
  broker.cut('cut');
  await cut.closed;
  expect(cut.unread()).toEqual([]);
  broker.disconnect('nobody');
  broker.cut('nobody');
  broker.forget('nobody');
  expect(causes).toEqual([
    ['server', 0x89],
    ['connection-lost', 0x80],
  ]);
});

test('a client that resets its connection is lost, not fatal', async () => {
  const { broker, port } = await startBroker();
  const lost = broker.events.next('disconnected');
  const socket = connect(port, '127.0.0.1');
  const connected = broker.events.next('connected');
  socket.write(generate(connectPacket('c'), { protocolVersion: 5 }));
  await connected;
  socket.resetAndDestroy();
  expect((await lost).cause).toBe('connection-lost');
});

test('the broker refuses to publish to a wildcard itself', async () => {
  const { broker } = await startBroker();
  expect(() => broker.publish({ topic: 'a/#', payload: '' })).toThrow('wildcard');
});

test('the logger hears of connections and faults, and never of payloads or passwords', async () => {
  const lines: string[] = [];
  const log = (fields: object, text: string): void => void lines.push(`${text} ${JSON.stringify(fields)}`);
  const { broker, port } = await startBroker({ logger: { info: log, warn: log } });
  const client = await connectRaw(port, 'c', { username: 'u', password: Buffer.from('hidden') });
  client.send(Buffer.from([0x00, 0x00]));
  await broker.events.next('disconnected');
  expect(lines.map((line) => line.split(' {')[0])).toEqual([
    'client connected',
    'connection ended for its input',
    'client disconnected',
    'session ended',
  ]);
  expect(lines.join()).not.toContain('hidden');
});
