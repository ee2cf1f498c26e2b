import mqtt from 'mqtt';
import { describe, expect, test } from 'vitest';
import type { AuthenticationAttempt, AuthenticationVerdict } from '../../../local/broker/hooks.ts';
import { startBroker } from './support/broker.ts';
import { createManualClock } from './support/manual-clock.ts';
import { connectPacket, connectRaw, openRaw, publishPacket, roundTrip, subscribeRaw } from './support/raw-client.ts';

function passwordCheck({ request }: AuthenticationAttempt): AuthenticationVerdict {
  const good = request.username === 'ann' && request.password?.toString() === 'secret';
  return good ? { kind: 'accepted', authenticationName: 'ann' } : { kind: 'refused', reasonCode: 0x86 };
}

/** Challenge, response, and data with the success. */
function threeSteps({ method, data, round }: AuthenticationAttempt): AuthenticationVerdict {
  const text = data?.toString() ?? '';
  if (method !== 'STEPS') return { kind: 'refused', reasonCode: 0x8c };
  if (round === 0) return { kind: 'continue', data: Buffer.from(`challenge to ${text}`) };
  return text === 'response'
    ? { kind: 'accepted', authenticationName: 'steps', data: Buffer.from('welcome') }
    : { kind: 'refused', reasonCode: 0x87 };
}

const steps = { authenticationMethod: 'STEPS', authenticationData: Buffer.from('c') };

function auth(reasonCode: number, data: string, authenticationMethod = 'STEPS') {
  return {
    cmd: 'auth',
    reasonCode,
    properties: { authenticationMethod, authenticationData: Buffer.from(data) },
  } as const;
}

describe('username and password', () => {
  test('accept or refuse a client of the mqtt package', async () => {
    const { broker, port } = await startBroker({ hooks: { authenticate: passwordCheck } });
    const url = `mqtt://127.0.0.1:${port}`;
    const client = await mqtt.connectAsync(url, { username: 'ann', password: 'secret', protocolVersion: 5 });
    expect(broker.sessions()).toMatchObject([{ authenticationName: 'ann' }]);
    await client.endAsync();
    const wrong = mqtt.connectAsync(url, {
      username: 'ann',
      password: 'guess',
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    await expect(wrong).rejects.toMatchObject({ code: 0x86 });
  });

  test('are answered with return code 4 in MQTT 3.1.1', async () => {
    const { port } = await startBroker({ hooks: { authenticate: passwordCheck } });
    expect((await connectRaw(port, 'c', { protocolVersion: 4 })).connack.returnCode).toBe(4);
  });

  test('may be checked asynchronously, and packets sent behind CONNECT wait for it', async () => {
    const asked = Promise.withResolvers<void>();
    const verdict = Promise.withResolvers<AuthenticationVerdict>();
    const authenticate = (): Promise<AuthenticationVerdict> => {
      asked.resolve();
      return verdict.promise;
    };
    const { broker, port } = await startBroker({ hooks: { authenticate } });
    const client = await openRaw(port);
    client.send(connectPacket('c'), { cmd: 'pingreq' });
    await asked.promise;
    expect(broker.sessions()).toEqual([]);
    verdict.resolve({ kind: 'accepted' });
    await client.expect('connack');
    await client.expect('pingresp');
  });

  test('a check that fails refuses with 0x88', async () => {
    const { port } = await startBroker({ hooks: { authenticate: () => Promise.reject(new Error('no directory')) } });
    expect((await connectRaw(port, 'c')).connack.reasonCode).toBe(0x88);
  });
});

describe('enhanced authentication', () => {
  test('accepts the right response and refuses a wrong one', async () => {
    const { port } = await startBroker({ hooks: { authenticate: threeSteps } });
    for (const [response, reasonCode] of [
      ['response', 0],
      ['nonsense', 0x87],
    ] as const) {
      const client = await openRaw(port);
      client.send(connectPacket('c', { properties: steps }));
      const challenge = await client.expect('auth');
      expect(challenge).toMatchObject({
        reasonCode: 0x18,
        properties: { authenticationData: Buffer.from('challenge to c') },
      });
      client.send(auth(0x18, response));
      const connack = await client.expect('connack');
      expect(connack.reasonCode).toBe(reasonCode);
      if (reasonCode === 0) {
        expect(connack.properties).toMatchObject({
          authenticationMethod: 'STEPS',
          authenticationData: Buffer.from('welcome'),
        });
      }
    }
  });

  test('with an unknown method is refused with 0x8C, without a hook as with one', async () => {
    const without = await startBroker();
    expect((await connectRaw(without.port, 'c', { properties: steps })).connack.reasonCode).toBe(0x8c);
    const withHook = await startBroker({ hooks: { authenticate: threeSteps } });
    const properties = { ...steps, authenticationMethod: 'OTHER' };
    expect((await connectRaw(withHook.port, 'c', { properties })).connack.reasonCode).toBe(0x8c);
  });

  const token = {
    authenticate: ({ data, again }: AuthenticationAttempt): AuthenticationVerdict =>
      data?.toString() === 'good'
        ? { kind: 'accepted', validForMs: 60_000, ...(again ? { data: Buffer.from('renewed') } : {}) }
        : { kind: 'refused', reasonCode: 0x87 },
  };
  const good = { authenticationMethod: 'TOKEN', authenticationData: Buffer.from('good') };

  test('can be renewed on the live connection', async () => {
    const clock = createManualClock();
    const { broker, port } = await startBroker({ clock, hooks: token });
    const client = await connectRaw(port, 'c', { properties: good });
    clock.advance(59_000);
    client.send(auth(0x19, 'good', 'TOKEN'));
    expect(await client.expect('auth')).toMatchObject({
      reasonCode: 0,
      properties: { authenticationMethod: 'TOKEN', authenticationData: Buffer.from('renewed') },
    });
    clock.advance(59_000);
    await roundTrip(client);
    const ended = broker.events.next('disconnected');
    clock.advance(1_000);
    expect(await ended).toMatchObject({ cause: 'not-authorized', reasonCode: 0x87 });
    expect((await client.expect('disconnect')).reasonCode).toBe(0x87);
  });

  test.each([
    { name: 'bad data', packet: auth(0x19, 'bad', 'TOKEN'), reasonCode: 0x87 },
    { name: 'another method', packet: auth(0x19, 'good', 'OTHER'), reasonCode: 0x82 },
    { name: 'nothing to continue', packet: auth(0x18, 'good', 'TOKEN'), reasonCode: 0x82 },
  ])('renewed with $name ends the connection with $reasonCode', async ({ packet, reasonCode }) => {
    const { port } = await startBroker({ hooks: token });
    const client = await connectRaw(port, 'c', { properties: good });
    client.send(packet);
    expect((await client.expect('disconnect')).reasonCode).toBe(reasonCode);
  });

  test('renewal does not hold up messages', async () => {
    const verdict = Promise.withResolvers<AuthenticationVerdict>();
    const { broker, port } = await startBroker({
      hooks: { authenticate: ({ again }) => (again ? verdict.promise : { kind: 'accepted' }) },
    });
    const client = await connectRaw(port, 'c', { properties: good });
    await subscribeRaw(client, 'a');
    client.send(auth(0x19, 'good', 'TOKEN'));
    await roundTrip(client);
    broker.publish({ topic: 'a', payload: 'x' });
    await client.expect('publish');
    verdict.resolve({ kind: 'accepted' });
    expect((await client.expect('auth')).reasonCode).toBe(0);
  });
});

describe('hooks', () => {
  test('onConnect refuses with its reason code', async () => {
    const { broker, port } = await startBroker({
      hooks: { onConnect: ({ clientId }) => (clientId === 'unwanted' ? 0x97 : undefined) },
    });
    const refused = broker.events.next('refused');
    expect((await connectRaw(port, 'unwanted')).connack.reasonCode).toBe(0x97);
    expect(await refused).toEqual({ clientId: 'unwanted', reasonCode: 0x97 });
    expect((await connectRaw(port, 'wanted')).connack.reasonCode).toBe(0);
  });

  test('onAdmit sees the authenticated client and all sessions, and refuses with its reason code', async () => {
    const { port } = await startBroker({
      hooks: {
        authenticate: ({ request }) => ({ kind: 'accepted', authenticationName: request.username ?? '' }),
        onAdmit({ request, authenticationName, sessions }) {
          const owner = sessions().find(({ clientId }) => clientId === request.clientId);
          if (owner !== undefined && owner.authenticationName !== authenticationName) return 0x87;
          return sessions().filter((session) => session.authenticationName === authenticationName).length < 2
            ? undefined
            : 0x97;
        },
      },
    });
    const codes = [];
    for (const [clientId, username] of [
      ['1', 'ann'],
      ['1', 'bob'],
      ['2', 'ann'],
      ['3', 'ann'],
      ['3', 'bob'],
    ] as const) {
      codes.push((await connectRaw(port, clientId, { username })).connack.reasonCode);
    }
    expect(codes).toEqual([0, 0x87, 0, 0x97, 0]);
  });

  test.each([
    { qos: 1, cmd: 'puback' },
    { qos: 2, cmd: 'pubrec' },
  ] as const)('onPublish refuses a QoS $qos message in its $cmd and nobody gets it', async ({ qos, cmd }) => {
    const { broker, port } = await startBroker({
      hooks: { onPublish: ({ topic }) => (topic === 'secret' ? { reasonCode: 0x87 } : undefined) },
    });
    const client = await connectRaw(port, 'c');
    const published = broker.events.next('published');
    client.send(publishPacket('secret', 'x', { qos, messageId: 4 }));
    expect(await client.expect(cmd)).toMatchObject({ messageId: 4, reasonCode: 0x87 });
    client.send(publishPacket('open', 'x', { qos: 0 }));
    expect((await published).topic).toBe('open');
  });

  test('onPublish can disconnect, and always does for MQTT 3.1.1 above QoS 0', async () => {
    const v5 = await startBroker({ hooks: { onPublish: () => ({ reasonCode: 0x97, disconnect: true }) } });
    const client = await connectRaw(v5.port, 'c');
    client.send(publishPacket('a', 'x'));
    expect((await client.expect('disconnect')).reasonCode).toBe(0x97);
    const v4 = await startBroker({ hooks: { onPublish: () => ({ reasonCode: 0x97 }) } });
    const old = await connectRaw(v4.port, 'c', { protocolVersion: 4 });
    old.send(publishPacket('a', 'x'));
    await roundTrip(old);
    old.send(publishPacket('a', 'x', { qos: 1, messageId: 1 }));
    await old.closed;
  });

  test('onSubscribe refuses one filter', async () => {
    const { port } = await startBroker({
      hooks: { onSubscribe: ({ filter }) => (filter === '#' ? { reasonCode: 0x87 } : undefined) },
    });
    const client = await connectRaw(port, 'c');
    expect(await subscribeRaw(client, '#')).toEqual([0x87]);
    expect(await subscribeRaw(client, 'a')).toEqual([1]);
  });

  test('onDeliver keeps a message from one session', async () => {
    const { broker, port } = await startBroker({ hooks: { onDeliver: ({ clientId }) => clientId !== 'deaf' } });
    const deaf = await connectRaw(port, 'deaf');
    const hearing = await connectRaw(port, 'hearing');
    for (const client of [deaf, hearing]) await subscribeRaw(client, 'a');
    broker.publish({ topic: 'a', payload: 'x' });
    await hearing.expect('publish');
    await roundTrip(deaf);
  });

  test('onPuback swallows or replaces an acknowledgement of a message that was handed on', async () => {
    const { port } = await startBroker({
      hooks: { onPuback: ({ packetId }) => (packetId === 1 ? 'swallow' : { reasonCode: 0x97 }) },
    });
    const subscriber = await connectRaw(port, 's');
    const client = await connectRaw(port, 'c');
    await subscribeRaw(subscriber, 'a', { qos: 0 });
    client.send(publishPacket('a', 'x', { qos: 1, messageId: 1 }), publishPacket('a', 'x', { qos: 1, messageId: 2 }));
    expect(await client.expect('puback')).toMatchObject({ messageId: 2, reasonCode: 0x97 });
    await subscriber.expect('publish');
    await subscriber.expect('publish');
  });
});
