import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createAuthority } from '../../support/certificates.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { startRawBroker } from '../../support/raw-broker.ts';
import { connectRawClient } from '../../support/raw-client.ts';

test.for([4, 5] as const)('raw broker - says yes to everything in protocol version %i', async (version, t) => {
  const broker = await startRawBroker(t);
  const client = await connectRawClient(t, { port: broker.port, version, clientId: 'c' });
  expect(await client.subscribe('a/#', 2)).toMatchObject({ granted: [2] });
  expect(await client.unsubscribe('a/#')).toMatchObject({ cmd: 'unsuback' });
  expect(await client.publish({ topic: 'a', payload: '1', qos: 1 })).toMatchObject({ cmd: 'puback' });
  expect(await client.publish({ topic: 'a', payload: '2', qos: 2 })).toMatchObject({ cmd: 'pubcomp' });
  client.send({ cmd: 'pingreq' });
  await client.packet((packet) => packet.cmd === 'pingresp');
  const connection = await broker.connection(0);
  expect(connection.connect).toMatchObject({ clientId: 'c', protocolVersion: version });
  expect(connection.messages.map(({ payload }) => payload.toString())).toEqual(['1', '2']);
  expect([connection.count('publish'), connection.count('pubrel')]).toEqual([2, 1]);
});

test('raw broker - sends messages and sees their acks in order', async (t) => {
  const broker = await startRawBroker(t);
  const client = await connectRawClient(t, { port: broker.port, clientId: 'c' });
  const connection = await broker.connection(0);
  const ids = ([1, 2, 1] as const).map((qos) => connection.publish({ topic: 'a', payload: 'x', qos }));
  await client.received(3);
  await connection.packet((packet) => packet.cmd === 'pubcomp');
  const acks = connection.packets.filter(({ cmd }) => cmd !== 'connect').map(({ cmd, messageId }) => [cmd, messageId]);
  expect(acks.slice(0, 3)).toEqual([
    ['puback', ids[0]],
    ['pubrec', ids[1]],
    ['puback', ids[2]],
  ]);
});

test('raw broker - answers CONNECT as told', async (t) => {
  const properties = { receiveMaximum: 1, maximumPacketSize: 1000 };
  const broker = await startRawBroker(t, { connack: { sessionPresent: true, properties } });
  const client = await connectRawClient(t, { port: broker.port, clientId: 'c', clean: false });
  expect(client.connack).toMatchObject({ sessionPresent: true, properties });
  const refusing = await startRawBroker(t, { connack: { reasonCode: 0x97 } });
  expect((await connectRawClient(t, { port: refusing.port, clientId: 'c' })).connack.reasonCode).toBe(0x97);
});

test('raw broker - keeps to a script: silence, another packet, several, bytes', async (t) => {
  const broker = await startRawBroker(t, {
    answer(packet, nth) {
      if (packet.cmd !== 'publish') return undefined;
      if (nth === 1) return 'silence';
      if (nth === 2) return { cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 0x87 };
      if (nth === 3)
        return [
          { cmd: 'puback', messageId: 999 },
          { cmd: 'puback', messageId: packet.messageId ?? 0 },
        ];
      return Buffer.from([0x40, 2, 0, packet.messageId ?? 0]);
    },
  });
  const client = await connectRawClient(t, { port: broker.port, clientId: 'c' });
  const publish = () => client.publish({ topic: 'a', payload: '', qos: 1 });
  const swallowed = publish();
  const refused = await publish();
  expect([refused, await publish(), await publish()]).toMatchObject([
    { messageId: 2, reasonCode: 0x87 },
    { messageId: 3 },
    { messageId: 4 },
  ]);
  expect(client.session.inFlight()).toBe(1);
  client.drop();
  await expect(swallowed).rejects.toThrow('connection closed');
});

test('raw broker - keeps frames that mqtt-packet refuses', async (t) => {
  const broker = await startRawBroker(t);
  const client = await connectRawClient(t, { port: broker.port, clientId: 'c' });
  const connection = await broker.connection(0);
  client.send(Buffer.from([0xe0, 1, 0x8c]));
  client.send({ cmd: 'pingreq' });
  await connection.packet((packet) => packet.cmd === 'pingreq');
  expect(connection.frames.map(({ command }) => command)).toEqual(['connect', 'disconnect', 'pingreq']);
});

test('raw broker - stops reading on request, and counts connections', async (t) => {
  const broker = await startRawBroker(t);
  const first = await connectRawClient(t, { port: broker.port, clientId: '1' });
  const connection = await broker.connection(0);
  connection.setReading(false);
  await first.publish({ topic: 'a', payload: Buffer.alloc(20_000_000) });
  const second = await connectRawClient(t, { port: broker.port, clientId: '2' });
  await second.publish({ topic: 'a', payload: '', qos: 1 });
  expect(first.unsent()).toBeGreaterThan(0);
  expect((await broker.connection(1)).connect.clientId).toBe('2');
});

test('raw broker - works over TLS, and a client that distrusts it says so', async (t) => {
  const authority = await createAuthority();
  const server = await authority.issue();
  const broker = await startRawBroker(t, { tls: { key: server.key, cert: server.chain } });
  const options = { port: broker.port, clientId: 'c' };
  const client = await connectRawClient(t, { ...options, tls: { ca: authority.certificate } });
  await client.publish({ topic: 'a', payload: '', qos: 1 });
  await expect(connectRawClient(t, { ...options, tls: {} })).rejects.toThrow('unable to verify');
});

test('raw client - reports a CONNACK that never comes because the broker hangs up', async (t) => {
  const broker = await startRawBroker(t, {
    answer(packet, _, connection) {
      if (packet.cmd === 'connect') connection.end();
      return 'silence';
    },
  });
  await expect(connectRawClient(t, { port: broker.port, clientId: 'c' })).rejects.toThrow('closed before CONNACK');
});

test('mosquitto - serves WebSockets over TLS', async (t) => {
  const authority = await createAuthority();
  const { chain, key } = await authority.issue();
  const { wssPort } = await startMosquitto(t, { websockets: true, tls: { certificate: chain, key } });
  const socket = new WebSocket(`wss://localhost:${wssPort}/mqtt`, 'mqtt', { ca: authority.certificate });
  t.onTestFinished(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  expect(socket.protocol).toBe('mqtt');
});

test('mosquitto - serves TLS and asks for client certificates', async (t) => {
  const authority = await createAuthority();
  const server = await authority.issue();
  const tls = { certificate: server.chain, key: server.key, clientCa: authority.certificate };
  const { tlsPort } = await startMosquitto(t, { tls });
  const client = await authority.issue({ commonName: 'device', purpose: 'client' });
  const connect = (credentials: object) =>
    connectRawClient(t, { port: tlsPort ?? 0, clientId: 'c', tls: { ca: authority.certificate, ...credentials } });
  expect((await connect({ cert: client.chain, key: client.key })).connack.reasonCode).toBe(0);
  await expect(connect({})).rejects.toThrow();
});
