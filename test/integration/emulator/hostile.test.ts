import { fc, test as property } from '@fast-check/vitest';
import { generate } from 'mqtt-packet';
import { beforeAll, describe, expect, test } from 'vitest';
import { createEventGridEmulator } from '../../../local/emulator/emulator.ts';
import { attack } from '../broker/support/attack.ts';
import { mutatedStream } from '../broker/support/mutated.ts';
import { connectPacket, connectRaw, openRaw, roundTrip } from '../broker/support/raw-client.ts';
import { startEmulator } from './support/emulator.ts';

describe('slow and oversize input', () => {
  test('256 MiB announced by a connected client is answered 0x95 before its body comes', async () => {
    const { port } = await startEmulator();
    const [other, client] = [await connectRaw(port, 'other'), await connectRaw(port, 'c')];
    client.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0x00]));
    expect((await client.expect('disconnect')).reasonCode).toBe(0x95);
    await client.closed;
    await roundTrip(other);
  });

  test('256 MiB announced first is closed without an answer', async () => {
    const { port } = await startEmulator();
    const client = await openRaw(port);
    client.send(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]));
    await client.closed;
    expect(client.unread()).toEqual([]);
  });

  test('a length that dribbles in byte by byte is cut as soon as it is known', async () => {
    const { port } = await startEmulator();
    const client = await connectRaw(port, 'c');
    for (const byte of [0x30, 0xff, 0xff, 0xff, 0x7f]) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.expect('disconnect')).reasonCode).toBe(0x95);
  });

  test('a CONNECT that dribbles in has ten seconds, while others are served', async () => {
    const { emulator, port, clock } = await startEmulator();
    const client = await openRaw(port);
    const bytes = generate(connectPacket('slow'), { protocolVersion: 5 });
    const other = await connectRaw(port, 'other');
    for (const byte of bytes.subarray(0, 9)) {
      client.send(Buffer.from([byte]));
      await roundTrip(other);
      clock.advance(1_000);
    }
    const fault = emulator.events.next('fault');
    clock.advance(1_000);
    expect((await fault).detail).toBe('no CONNECT in time');
    await client.closed;
    await roundTrip(other);
  });

  test('a client that waits for its verdict is not read from', async () => {
    let decide = (): void => {};
    const decided = new Promise<void>((resolve) => {
      decide = resolve;
    });
    const { emulator, port } = await startEmulator({
      authenticator: async ({ request }) => {
        await decided;
        return { kind: 'known', name: request.clientId, attributes: {} };
      },
    });
    const client = await openRaw(port);
    client.send(connectPacket('c'), { cmd: 'pingreq' });
    client.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0x00]));
    const fault = emulator.events.next('fault');
    decide();
    expect((await client.expect('connack')).reasonCode).toBe(0);
    await client.expect('pingresp');
    expect((await client.expect('disconnect')).reasonCode).toBe(0x95);
    expect(await fault).toMatchObject({ clientId: 'c' });
  });
});

describe('mutated packets', () => {
  const shared = createEventGridEmulator({
    settings: {
      lingerMs: 20,
      connectsPerSecond: 1e6,
      namespaceConnectsPerSecond: 1e6,
      namespaceInboundMessagesPerSecond: 1e6,
      namespaceSubscriptionPacketsPerSecond: 1e6,
      subscriptionPacketsPerSecond: 1e6,
    },
    permissions: {
      topicSpaces: [{ name: 'own', templates: ['${client.authenticationName}/#', 'a/#', 'witness/#'] }],
      permissions: [
        { topicSpace: 'own', role: 'Publisher', identities: ['fuzz'] },
        { topicSpace: 'own', role: 'Subscriber' },
      ],
    },
  });
  let port = 0;
  beforeAll(async () => {
    ({ port } = await shared.listen());
  });

  property.prop([fc.array(mutatedStream, { minLength: 30, maxLength: 30 })], { numRuns: 60 })(
    'leave other connections untouched and the emulator alive',
    (streams) => attack({ port, broker: shared }, streams),
    120_000,
  );

  test('leave nothing behind that keeps the emulator from closing', async () => {
    await shared.close();
    expect(shared.sessions()).toEqual([]);
  });
});
