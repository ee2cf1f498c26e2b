import { expect, test } from 'vitest';
import { startBroker } from './support/broker.ts';
import { createManualClock } from './support/manual-clock.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from './support/raw-client.ts';

test('a new subscription gets the last retained message of each topic', async () => {
  const { port } = await startBroker();
  const publisher = await connectRaw(port, 'pub');
  publisher.send(
    publishPacket('a/1', 'old', { retain: true }),
    publishPacket('a/1', 'new', { retain: true }),
    publishPacket('a/2', 'other', { retain: true }),
    publishPacket('b', 'elsewhere', { retain: true }),
  );
  await roundTrip(publisher);
  const subscriber = await connectRaw(port, 'sub');
  await subscribeRaw(subscriber, 'a/+');
  expect(await subscriber.expect('publish')).toMatchObject({ topic: 'a/1', payload: Buffer.from('new'), retain: true });
  expect(await subscriber.expect('publish')).toMatchObject({ topic: 'a/2', retain: true });
  await roundTrip(subscriber);
});

test('an empty retained message deletes and is itself delivered', async () => {
  const { broker, port } = await startBroker();
  broker.publish({ topic: 'a', payload: 'x', retain: true });
  const live = await connectRaw(port, 'live');
  await subscribeRaw(live, 'a', { rh: 2 });
  broker.publish({ topic: 'a', payload: '', retain: true });
  expect((await live.expect('publish')).payload).toHaveLength(0);
  const late = await connectRaw(port, 'late');
  await subscribeRaw(late, 'a');
  await roundTrip(late);
});

test.each([
  { rap: false, expected: false },
  { rap: true, expected: true },
])('a live message has the flag $expected when Retain As Published is $rap', async ({ rap, expected }) => {
  const { broker, port } = await startBroker();
  const client = await connectRaw(port, 'one');
  await subscribeRaw(client, 'a', { rap });
  broker.publish({ topic: 'a', payload: 'x', retain: true });
  expect((await client.expect('publish')).retain).toBe(expected);
});

test.each([
  { rh: 0, first: true, again: true },
  { rh: 1, first: true, again: false },
  { rh: 2, first: false, again: false },
] as const)('Retain Handling $rh sends at first: $first, again: $again', async ({ rh, first, again }) => {
  const { broker, port } = await startBroker();
  broker.publish({ topic: 'a', payload: 'x', retain: true });
  const client = await connectRaw(port, 'one');
  for (const expected of [first, again]) {
    await subscribeRaw(client, 'a', { rh });
    if (expected) await client.expect('publish');
    await roundTrip(client);
  }
});

test('shared subscriptions get no retained messages', async () => {
  const { broker, port } = await startBroker();
  broker.publish({ topic: 'a', payload: 'x', retain: true });
  const client = await connectRaw(port, 'one');
  await subscribeRaw(client, '$share/g/a');
  await roundTrip(client);
});

test('wildcards at the start do not bring retained messages of $-topics', async () => {
  const { broker, port } = await startBroker();
  broker.publish({ topic: '$SYS/broker', payload: 'x', retain: true });
  const client = await connectRaw(port, 'one');
  await subscribeRaw(client, '#');
  await subscribeRaw(client, '+/broker');
  await roundTrip(client);
  await subscribeRaw(client, '$SYS/#');
  await client.expect('publish');
});

test('a retained message expires, and tells the seconds it has left', async () => {
  const clock = createManualClock();
  const { broker, port } = await startBroker({ clock });
  broker.publish({ topic: 'a', payload: 'x', retain: true, properties: { messageExpiryInterval: 10 } });
  const client = await connectRaw(port, 'one');
  clock.advance(4_000);
  await subscribeRaw(client, 'a');
  expect((await client.expect('publish')).properties?.messageExpiryInterval).toBe(6);
  clock.advance(6_000);
  await subscribeRaw(client, 'a');
  await roundTrip(client);
});

test('a retained message beyond the bounds of the store is refused with 0x97', async () => {
  const { port } = await startBroker({ profile: { maximumRetainedMessages: 1, maximumRetainedBytes: 4 } });
  const client = await connectRaw(port, 'one');
  const codes = [];
  for (const [topic, payload] of [
    ['a', 'toolong'],
    ['a', 'fits'],
    ['b', 'more'],
    ['a', 'anew'],
  ] as const) {
    client.send(publishPacket(topic, payload, { retain: true, qos: 1, messageId: 3 }));
    codes.push((await client.expect('puback')).reasonCode);
  }
  expect(codes).toEqual([0x97, 0x10, 0x97, 0x10]);
});
