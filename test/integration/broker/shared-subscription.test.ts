import { expect, test } from 'vitest';
import { startBroker } from './support/broker.ts';
import { connectRaw, roundTrip, subscribeRaw, type RawClient } from './support/raw-client.ts';

async function payloads(client: RawClient, count: number): Promise<string[]> {
  const seen: string[] = [];
  for (let n = 0; n < count; n += 1) seen.push((await client.expect('publish')).payload.toString());
  await roundTrip(client);
  return seen;
}

test('each message goes to one member of a group, in turn', async () => {
  const { broker, port } = await startBroker();
  const one = await connectRaw(port, 'one');
  const two = await connectRaw(port, 'two');
  for (const client of [one, two]) await subscribeRaw(client, '$share/g/a/#', { qos: 0 });
  for (let n = 0; n < 6; n += 1) broker.publish({ topic: 'a/b', payload: `${n}` });
  expect(await payloads(one, 3)).toEqual(['0', '2', '4']);
  expect(await payloads(two, 3)).toEqual(['1', '3', '5']);
});

test('random choice follows the random source', async () => {
  const draws = [0.1, 0.9, 0.9];
  const { broker, port } = await startBroker({
    random: () => draws.shift() ?? 0,
    profile: { sharedSelection: 'random' },
  });
  const one = await connectRaw(port, 'one');
  const two = await connectRaw(port, 'two');
  for (const client of [one, two]) await subscribeRaw(client, '$share/g/a', { qos: 0 });
  for (let n = 0; n < 3; n += 1) broker.publish({ topic: 'a', payload: `${n}` });
  expect(await payloads(one, 1)).toEqual(['0']);
  expect(await payloads(two, 2)).toEqual(['1', '2']);
});

test('groups and plain subscriptions each get the message', async () => {
  const { broker, port } = await startBroker();
  const client = await connectRaw(port, 'one');
  for (const filter of ['$share/g/a', '$share/h/a', 'a']) await subscribeRaw(client, filter, { qos: 0 });
  broker.publish({ topic: 'a', payload: 'x' });
  expect(await payloads(client, 3)).toEqual(['x', 'x', 'x']);
});

test('what a member that goes has not acknowledged is given to the others, in order', async () => {
  const { broker, port } = await startBroker();
  const leaving = await connectRaw(port, 'leaving', {
    properties: { sessionExpiryInterval: 100, receiveMaximum: 2 },
  });
  await subscribeRaw(leaving, '$share/g/a');
  for (let n = 0; n < 4; n += 1) broker.publish({ topic: 'a', payload: `${n}`, qos: 1 });
  await payloads(leaving, 2);
  const staying = await connectRaw(port, 'staying');
  await subscribeRaw(staying, '$share/g/a');
  broker.cut('leaving');
  expect(await payloads(staying, 4)).toEqual(['0', '1', '2', '3']);
  const back = await connectRaw(port, 'leaving', { clean: false });
  expect(back.connack.sessionPresent).toBe(true);
  await roundTrip(back);
});

test('the profile may keep it for the member until its session ends', async () => {
  const { broker, port } = await startBroker({ profile: { sharedRedistribution: 'on-session-end' } });
  const leaving = await connectRaw(port, 'leaving', { properties: { sessionExpiryInterval: 100 } });
  const staying = await connectRaw(port, 'staying');
  await subscribeRaw(leaving, '$share/g/a');
  broker.publish({ topic: 'a', payload: 'x', qos: 1 });
  await leaving.expect('publish');
  await subscribeRaw(staying, '$share/g/a');
  broker.cut('leaving');
  await roundTrip(staying);
  broker.forget('leaving');
  expect(await payloads(staying, 1)).toEqual(['x']);
});

test('a QoS 2 message that was sent stays with its member', async () => {
  const { broker, port } = await startBroker();
  const leaving = await connectRaw(port, 'leaving', { properties: { sessionExpiryInterval: 100 } });
  const staying = await connectRaw(port, 'staying');
  await subscribeRaw(leaving, '$share/g/a', { qos: 2 });
  broker.publish({ topic: 'a', payload: 'x', qos: 2 });
  await leaving.expect('publish');
  await subscribeRaw(staying, '$share/g/a', { qos: 2 });
  broker.cut('leaving');
  await roundTrip(staying);
  const back = await connectRaw(port, 'leaving', { clean: false });
  expect(await back.expect('publish')).toMatchObject({ dup: true, qos: 2 });
});

test('members without a connection get messages only when nobody is connected', async () => {
  const { broker, port } = await startBroker();
  const away = await connectRaw(port, 'away', { properties: { sessionExpiryInterval: 100 } });
  await subscribeRaw(away, '$share/g/a');
  broker.cut('away');
  const here = await connectRaw(port, 'here');
  await subscribeRaw(here, '$share/g/a');
  for (let n = 0; n < 4; n += 1) broker.publish({ topic: 'a', payload: `${n}`, qos: 1 });
  expect(await payloads(here, 4)).toEqual(['0', '1', '2', '3']);
  for (let messageId = 1; messageId <= 4; messageId += 1) here.send({ cmd: 'puback', messageId });
  here.send({ cmd: 'disconnect', reasonCode: 0 });
  await here.closed;
  broker.publish({ topic: 'a', payload: 'waits', qos: 1 });
  const back = await connectRaw(port, 'away', { clean: false });
  expect(await payloads(back, 1)).toEqual(['waits']);
});

test('the profile may refuse shared subscriptions, or disconnect MQTT 3.1.1 clients for them', async () => {
  const without = await startBroker({ profile: { sharedSubscriptionAvailable: false } });
  const client = await connectRaw(without.port, 'one');
  expect(client.connack.properties?.sharedSubscriptionAvailable).toBe(false);
  expect(await subscribeRaw(client, '$share/g/a')).toEqual([0x9e]);
  const strict = await startBroker({ profile: { sharedSubscriptionV3: 'disconnect' } });
  const old = await connectRaw(strict.port, 'old', { protocolVersion: 4 });
  old.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/a', qos: 0 }] });
  await old.closed;
});
