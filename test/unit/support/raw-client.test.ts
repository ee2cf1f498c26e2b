import { describe, expect, test } from 'vitest';
import { createClientSession } from '../../support/client-session.ts';
import { checkDelivery } from '../../support/delivery.ts';
import { startFaultProxy } from '../../support/fault-proxy.ts';
import { startConsumer, startProducer } from '../../support/load.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { PROPERTY, type Property } from '../../support/properties.ts';
import { connectRawClient } from '../../support/raw-client.ts';

describe.each([4, 5] as const)('raw client against Mosquitto, protocol version %i', (version) => {
  test.for([0, 1, 2] as const)('publishes and receives at QoS %i', async (qos, t) => {
    const { port } = await startMosquitto(t);
    const client = await connectRawClient(t, { port, version, clientId: 'c' });
    await client.subscribe('a/#', qos);
    await client.publish({ topic: 'a/b', payload: 'hello', qos });
    const [message] = await client.received(1);
    expect(message).toMatchObject({ topic: 'a/b', qos, dup: false, retain: false });
    expect(message.payload.toString()).toBe('hello');
  });

  test.for([0, 1, 2] as const)('carries a stream at QoS %i without loss', async (qos, t) => {
    const { port } = await startMosquitto(t);
    const consumer = await startConsumer(t, { port, version, clientId: 'consumer', filters: 't/#', qos });
    const producer = startProducer(t, { port, version, name: 'p', topics: ['t/1', 't/2'], qos, count: 3000 });
    await producer.done;
    await consumer.received(3000);
    expect(checkDelivery(producer.log.sent, consumer.log.received).text).toContain('delivery ok: 3000 expected, 3000');
  });

  test.for([1, 2] as const)('resumes after cuts at QoS %i: nothing lost, order kept', async (qos, t) => {
    const { port } = await startMosquitto(t);
    const proxy = await startFaultProxy(t, { port });
    const consumer = await startConsumer(t, { port: proxy.port, version, clientId: 'consumer', filters: 't', qos });
    const producer = startProducer(t, { port: proxy.port, version, name: 'p', topics: ['t'], qos, rate: 4000 });
    for (const step of [500, 1000, 1500]) {
      await consumer.received(step);
      proxy.cutAll();
    }
    await producer.stop();
    await consumer.received(producer.log.sent.length);
    const report = checkDelivery(producer.log.sent, consumer.log.received, { allowDuplicates: qos === 1 });
    expect(report.ok, report.text).toBe(true);
    expect(consumer.connections()).toBeGreaterThanOrEqual(2);
  });
});

test('raw client - sends and reads MQTT 5 properties in their order, with duplicates', async (t) => {
  const { port } = await startMosquitto(t);
  const client = await connectRawClient(t, { port, clientId: 'c' });
  await client.subscribe('a');
  const properties: Property[] = [
    [PROPERTY.payloadFormatIndicator, 1],
    [PROPERTY.contentType, 'text/plain'],
    [PROPERTY.correlationData, Buffer.from([0, 255])],
    [PROPERTY.userProperty, '10', 'x'],
    [PROPERTY.userProperty, '9', ''],
    [PROPERTY.userProperty, '10', 'y'],
  ];
  await client.publish({ topic: 'a', payload: '', qos: 1, properties });
  const [message] = await client.received(1);
  const users = (all: readonly Property[]) => all.filter(([id]) => id === PROPERTY.userProperty);
  expect(users(message.properties)).toEqual(users(properties));
  expect(message.properties).toHaveLength(properties.length);
  expect(message.properties).toEqual(expect.arrayContaining(properties));
});

test('raw client - hands its in-flight message to the next connection, with DUP', async (t) => {
  const { port } = await startMosquitto(t);
  const proxy = await startFaultProxy(t, { port });
  const options = { port: proxy.port, clientId: 'c', clean: false, sessionExpiry: 60, session: createClientSession() };
  const first = await connectRawClient(t, options);
  const rule = proxy.swallow('upstream', (frame) => frame.command === 'publish');
  const ack = first.publish({ topic: 'a', payload: 'x', qos: 2 });
  await first.subscribe('b');
  first.drop();
  rule.remove();
  const second = await connectRawClient(t, options);
  expect(second.connack.sessionPresent).toBe(true);
  expect(await ack).toMatchObject({ cmd: 'pubcomp' });
});

test('raw client - waits in vain for a packet only until the connection is closed', async (t) => {
  const { port } = await startMosquitto(t);
  const client = await connectRawClient(t, { port, clientId: 'c' });
  const waiting = client.packet((packet) => packet.cmd === 'auth');
  client.drop();
  await expect(waiting).rejects.toThrow('connection closed');
});
