import { once } from 'node:events';
import type { TlsOptions } from 'node:tls';
import mqtt from 'mqtt';
import { WebSocket } from 'ws';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ListenOptions } from '../../../local/broker/listen/listener.ts';
import { type Authority, createAuthority } from '../../support/certificates.ts';
import { startBroker } from './support/broker.ts';

let authority: Authority;
let server: TlsOptions;
beforeAll(async () => {
  authority = await createAuthority();
  const { chain, key } = await authority.issue({ purpose: 'server' });
  server = { cert: chain, key };
});

const transports: readonly { scheme: string; at: ListenOptions; secure: boolean }[] = [
  { scheme: 'mqtt', at: {}, secure: false },
  { scheme: 'mqtts', at: {}, secure: true },
  { scheme: 'ws', at: { webSocket: true }, secure: false },
  { scheme: 'wss', at: { webSocket: true }, secure: true },
];

describe('the same broker over', () => {
  test.each(transports)('$scheme', async ({ scheme, at, secure }) => {
    const { port } = await startBroker({}, { host: 'localhost', ...at, ...(secure ? { tls: server } : {}) });
    const connection = await mqtt.connectAsync(`${scheme}://localhost:${port}/mqtt`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...(secure ? { ca: authority.certificate } : {}),
    });
    const payload = Buffer.alloc(300_000, 'x');
    const received = new Promise<Buffer>((resolve) => {
      connection.once('message', (_topic: string, body: Buffer) => resolve(body));
    });
    await connection.subscribeAsync('a', { qos: 1 });
    await connection.publishAsync('a', payload, { qos: 1 });
    expect((await received).equals(payload)).toBe(true);
    await connection.endAsync();
  });
});

test('a client certificate is shown to the hooks', async () => {
  const names: unknown[] = [];
  const { port } = await startBroker(
    {
      hooks: {
        onConnect: ({ certificate }) => {
          names.push(certificate?.subject.CN);
          return undefined;
        },
      },
    },
    { host: 'localhost', tls: { ...server, requestCert: true, rejectUnauthorized: true, ca: authority.certificate } },
  );
  const { chain: cert, key } = await authority.issue({ commonName: 'device-1', purpose: 'client' });
  const connection = await mqtt.connectAsync(`mqtts://localhost:${port}`, { ca: authority.certificate, cert, key });
  expect(names).toEqual(['device-1']);
  await connection.endAsync();
});

test('TLS without the client certificate asked for gets no MQTT', async () => {
  const tls = { ...server, requestCert: true, rejectUnauthorized: true, ca: authority.certificate };
  const { broker, port } = await startBroker({}, { host: 'localhost', tls });
  const connecting = mqtt.connectAsync(`mqtts://localhost:${port}`, { ca: authority.certificate, reconnectPeriod: 0 });
  await expect(connecting).rejects.toThrow();
  expect(broker.sessions()).toEqual([]);
});

describe('WebSocket', () => {
  test.each([
    { path: '/other', protocol: 'mqtt' },
    { path: '/mqtt', protocol: 'chat' },
  ])('at $path with sub-protocol $protocol is no MQTT', async ({ path, protocol }) => {
    const { port } = await startBroker({}, { webSocket: true });
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol);
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).not.toBe('');
  });

  test('text frames end the connection', async () => {
    const { port } = await startBroker({}, { webSocket: true });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/mqtt`, 'mqtt');
    await once(socket, 'open');
    socket.send('hello');
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1003);
  });
});
