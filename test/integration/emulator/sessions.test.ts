import { describe, expect, test } from 'vitest';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from '../broker/support/raw-client.ts';
import { startEmulator, type StartedEmulator } from './support/emulator.ts';

const keep = { clean: false, properties: { sessionExpiryInterval: 600 } } as const;

/** Life-cycle events without sequence numbers, refusals left out. */
function lifeOf({ emulator }: StartedEmulator): string[] {
  return emulator.log.entries().flatMap((event) => {
    if (event.kind === 'connected') return [`${event.clientSessionName} connected`];
    if (event.kind === 'disconnected') return [`${event.clientSessionName} ${event.disconnectionReason}`];
    return event.kind === 'sessionDropped' ? [`${event.clientSessionName} dropped ${event.dropReason}`] : [];
  });
}

describe('a session name', () => {
  test('belongs to its authentication name until the session expires', async () => {
    const { emulator, port, clock } = await startEmulator();
    const ann = await connectRaw(port, 's', { ...keep, username: 'ann' });
    const ended = emulator.events.next('disconnected');
    ann.socket.destroy();
    await ended;
    clock.advance(599_000);
    expect((await connectRaw(port, 's', { ...keep, username: 'bob' })).connack.reasonCode).toBe(0x87);
    clock.advance(1_000);
    expect((await connectRaw(port, 's', { ...keep, username: 'bob' })).connack).toMatchObject({
      reasonCode: 0,
      sessionPresent: false,
    });
  });

  test('is taken over by the same authentication name, and the earlier connection is told 0x8E', async () => {
    const started = await startEmulator();
    const { port, clock } = started;
    const first = await connectRaw(port, 's', keep);
    clock.advance(1_000);
    const second = await connectRaw(port, 's', keep);
    expect(second.connack).toMatchObject({ reasonCode: 0, sessionPresent: true });
    expect((await first.expect('disconnect')).reasonCode).toBe(0x8e);
    expect(lifeOf(started)).toEqual(['s connected', 's SessionTakenOver', 's connected']);
  });
});

describe('sessions of one authentication name', () => {
  test('are as many as allowed, those without connection counted', async () => {
    const { emulator, port, clock } = await startEmulator({
      settings: { maximumClientSessionsPerAuthenticationName: 2 },
    });
    const connect = async (session: string, username = 'ann') =>
      (await connectRaw(port, session, { ...keep, username })).connack.reasonCode;
    expect(await connect('1')).toBe(0);
    emulator.disconnect('1');
    expect(await connect('2')).toBe(0);
    expect(await connect('3')).toBe(0x97);
    expect(await connect('b', 'bob')).toBe(0);
    clock.advance(1_000);
    expect(await connect('1')).toBe(0);
    emulator.forget('2');
    clock.advance(1_000);
    expect(await connect('4')).toBe(0);
  });

  test('are one unless the namespace allows more, also in MQTT 3.1.1', async () => {
    const { port } = await startEmulator();
    const v4 = { protocolVersion: 4, username: 'ann' } as const;
    expect((await connectRaw(port, '1', v4)).connack.returnCode).toBe(0);
    expect((await connectRaw(port, '2', v4)).connack.returnCode).toBe(3);
  });

  test('count towards those of the namespace', async () => {
    const { port } = await startEmulator({ settings: { maximumSessions: 1 } });
    expect((await connectRaw(port, '1')).connack.reasonCode).toBe(0);
    expect((await connectRaw(port, '2')).connack.reasonCode).toBe(0x97);
  });

  test('may be allowed more while the service runs', async () => {
    const { emulator, port, clock } = await startEmulator();
    const connect = async (session: string) =>
      (await connectRaw(port, session, { username: 'ann' })).connack.reasonCode;
    expect(await connect('1')).toBe(0);
    expect(await connect('2')).toBe(0x97);
    emulator.adjust({ maximumClientSessionsPerAuthenticationName: 2 });
    clock.advance(1_000);
    expect(await connect('2')).toBe(0);
  });
});

describe('a session without connection', () => {
  test.each([
    { what: '100 messages', bytes: 1, fits: 100 },
    { what: '1 MB', bytes: 256 * 1024, fits: 4 },
  ])('holds $what, and ends with one more', async ({ bytes, fits }) => {
    const started = await startEmulator();
    const { emulator, port, clock } = started;
    await subscribeRaw(await connectRaw(port, 's', keep), 'a');
    emulator.disconnect('s');
    for (let index = 0; index < fits; index += 1) {
      emulator.publish({ topic: 'a', payload: Buffer.alloc(bytes), qos: 1 });
    }
    expect(emulator.sessions()).toMatchObject([{ clientId: 's', queued: fits }]);
    emulator.publish({ topic: 'a', payload: Buffer.alloc(bytes), qos: 1 });
    expect(lifeOf(started)).toEqual(['s connected', 's ServerInitiatedDisconnect', 's dropped SessionOverflow']);
    clock.advance(1_000);
    expect((await connectRaw(port, 's', keep)).connack.sessionPresent).toBe(false);
  });

  test('of MQTT 3.1.1 lasts an hour', async () => {
    const started = await startEmulator();
    const { emulator, port, clock } = started;
    await connectRaw(port, 's', { protocolVersion: 4, clean: false });
    emulator.disconnect('s');
    clock.advance(3_599_999);
    expect(emulator.sessions()).toHaveLength(1);
    clock.advance(1);
    expect(lifeOf(started).at(-1)).toBe('s dropped SessionExpiry');
  });
});

describe('life-cycle events', () => {
  test('pair a disconnection with its connection by the sequence number', async () => {
    const { emulator, port } = await startEmulator();
    await connectRaw(port, 'a', keep);
    await connectRaw(port, 'b', { username: 'bob' });
    emulator.disconnect('a');
    expect(emulator.log.entries()).toEqual([
      { kind: 'connected', sequenceNumber: 1, clientAuthenticationName: 'a', clientSessionName: 'a' },
      { kind: 'connected', sequenceNumber: 2, clientAuthenticationName: 'bob', clientSessionName: 'b' },
      {
        kind: 'disconnected',
        sequenceNumber: 1,
        clientAuthenticationName: 'a',
        clientSessionName: 'a',
        disconnectionReason: 'ServerInitiatedDisconnect',
      },
    ]);
  });

  const ends: readonly {
    reason: string;
    end: (client: Awaited<ReturnType<typeof connectRaw>>, started: StartedEmulator) => void;
  }[] = [
    { reason: 'ClientInitiatedDisconnect', end: (client) => client.send({ cmd: 'disconnect', reasonCode: 0 }) },
    { reason: 'ConnectionLost', end: (client) => void client.socket.destroy() },
    { reason: 'ConnectionLost', end: (_client, { clock }) => clock.advance(15_000) },
    { reason: 'ClientError', end: (client) => client.send(publishPacket('a', 'x', { qos: 2, messageId: 1 })) },
    { reason: 'SessionOverflow', end: (_client, { emulator }) => publishMany(emulator) },
  ];
  test.each(ends)('say $reason', async ({ reason, end }) => {
    const started = await startEmulator();
    const client = await connectRaw(started.port, 's', { keepalive: 10 });
    await subscribeRaw(client, 'flood');
    const ended = started.emulator.events.next('disconnected');
    end(client, started);
    await ended;
    expect(lifeOf(started)[1]).toBe(`s ${reason}`);
  });

  test('reach a listener as they happen', async () => {
    const { emulator, port } = await startEmulator();
    const seen: string[] = [];
    const stop = emulator.log.on(({ kind }) => seen.push(kind));
    await roundTrip(await connectRaw(port, 's'));
    stop();
    emulator.disconnect('s');
    expect(seen).toEqual(['connected']);
  });
});

function publishMany(emulator: StartedEmulator['emulator']): void {
  for (let index = 0; index < 201; index += 1) emulator.publish({ topic: 'flood', payload: 'x', qos: 1 });
}
