import { describe, expect, test } from 'vitest';
import type { PermissionTable } from '../../../local/emulator/permissions.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from '../broker/support/raw-client.ts';
import { startEmulator } from './support/emulator.ts';

const permissions: PermissionTable = {
  topicSpaces: [
    { name: 'own', templates: ['devices/${client.authenticationName}/#'] },
    { name: 'commands', templates: ['commands/+'] },
  ],
  permissions: [
    { topicSpace: 'own', role: 'Publisher' },
    { topicSpace: 'own', role: 'Subscriber' },
    { topicSpace: 'commands', role: 'Subscriber', identities: ['ann'] },
  ],
};
const foreign = publishPacket('devices/bob/x', 'x', { qos: 1, messageId: 1 });

describe('publishing', () => {
  test('to a topic of one’s own is allowed, to another’s refused with 0x87', async () => {
    const { emulator, port } = await startEmulator({ permissions });
    const ann = await connectRaw(port, 'a', { username: 'ann' });
    ann.send(publishPacket('devices/ann/x', 'x', { qos: 1, messageId: 2 }), foreign);
    expect((await ann.expect('puback')).reasonCode).toBe(0x10);
    expect((await ann.expect('puback')).reasonCode).toBe(0x87);
    expect(emulator.log.entries()).toContainEqual({
      kind: 'unauthorized',
      clientSessionName: 'a',
      topic: 'devices/bob/x',
    });
  });

  test('without permission at QoS 0 is dropped', async () => {
    const { emulator, port } = await startEmulator({ permissions });
    const ann = await connectRaw(port, 'a', { username: 'ann' });
    const topics: string[] = [];
    emulator.events.on('published', ({ topic }) => topics.push(topic));
    ann.send(publishPacket('devices/bob/x', 'x'));
    await roundTrip(ann);
    expect(topics).toEqual([]);
  });

  test('without permission can end the connection', async () => {
    const { emulator, port } = await startEmulator({ permissions, settings: { whenUnauthorized: 'disconnect' } });
    const ann = await connectRaw(port, 'a', { username: 'ann' });
    ann.send(foreign);
    expect((await ann.expect('disconnect')).reasonCode).toBe(0x87);
    expect(emulator.log.entries()).toContainEqual(
      expect.objectContaining({ kind: 'disconnected', disconnectionReason: 'ClientAuthorizationError' }),
    );
  });

  test('without permission in MQTT 3.1.1 ends the connection', async () => {
    const { port } = await startEmulator({ permissions });
    const ann = await connectRaw(port, 'a', { username: 'ann', protocolVersion: 4 });
    ann.send(foreign);
    await ann.closed;
  });

  test.each([
    { topic: 'devices/ann/gone', published: ['devices/ann/gone'] },
    { topic: 'devices/bob/gone', published: [] },
  ])('a will to $topic comes to $published', async ({ topic, published }) => {
    const { emulator, port } = await startEmulator({ permissions });
    const will = { topic, payload: Buffer.from('x'), qos: 0, retain: false } as const;
    const ann = await connectRaw(port, 'a', { username: 'ann', will });
    const wills: string[] = [];
    emulator.events.on('will', (event) => wills.push(event.topic));
    const ended = emulator.events.next('sessionEnded');
    ann.socket.destroy();
    await ended;
    expect(wills).toEqual(published);
  });
});

test('subscribing is decided filter by filter', async () => {
  const { port } = await startEmulator({ permissions });
  const ann = await connectRaw(port, 'a', { username: 'ann' });
  const filters = ['devices/ann/+', 'devices/+/x', 'commands/go', '$share/g/commands/+', '#'];
  const subscriptions = filters.map((topic) => ({ topic, qos: 1 as const, nl: false, rap: false, rh: 0 }));
  ann.send({ cmd: 'subscribe', messageId: 1, subscriptions });
  expect((await ann.expect('suback')).granted).toEqual([1, 0x87, 1, 1, 0x87]);
  const bob = await connectRaw(port, 'b', { username: 'bob' });
  expect(await subscribeRaw(bob, 'commands/go')).toEqual([0x87]);
});
