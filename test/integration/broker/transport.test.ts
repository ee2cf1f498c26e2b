import * as x509 from '@peculiar/x509';
import mqtt from 'mqtt';
import { WebSocket } from 'ws';
import { once } from 'node:events';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ListenOptions } from '../../../local/broker/listen/listener.ts';
import { startBroker } from './support/broker.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A self-signed certificate for localhost that may also be a client's, in PEM. */
async function selfSigned(commonName: string): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}

let server: { cert: string; key: string };
let client: { cert: string; key: string };
beforeAll(async () => {
  server = await selfSigned('localhost');
  client = await selfSigned('device-1');
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
      ...(secure ? { ca: server.cert } : {}),
    });
    const payload = Buffer.alloc(300_000, 'x');
    const received = once(connection, 'message');
    await connection.subscribeAsync('a', { qos: 1 });
    await connection.publishAsync('a', payload, { qos: 1 });
    const [, body] = (await received) as [string, Buffer];
    expect(body.equals(payload)).toBe(true);
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
    { host: 'localhost', tls: { ...server, requestCert: true, rejectUnauthorized: true, ca: client.cert } },
  );
  const connection = await mqtt.connectAsync(`mqtts://localhost:${port}`, { ca: server.cert, ...client });
  expect(names).toEqual(['device-1']);
  await connection.endAsync();
});

test('TLS without the client certificate asked for gets no MQTT', async () => {
  const tls = { ...server, requestCert: true, rejectUnauthorized: true, ca: client.cert };
  const { broker, port } = await startBroker({}, { host: 'localhost', tls });
  const connecting = mqtt.connectAsync(`mqtts://localhost:${port}`, { ca: server.cert, reconnectPeriod: 0 });
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
