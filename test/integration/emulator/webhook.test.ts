import { X509Certificate } from 'node:crypto';
import mqtt from 'mqtt';
import { describe, expect, test } from 'vitest';
import { createDirectory, type DirectoryRules } from '../../../local/emulator/authentication/directory.ts';
import type { EventGridOptions } from '../../../local/emulator/emulator.ts';
import { createAuthority } from '../../support/certificates.ts';
import { connectRaw, publishPacket, roundTrip } from '../broker/support/raw-client.ts';
import { startEmulator, type StartedEmulator } from './support/emulator.ts';
import { createIssuer } from './support/tokens.ts';
import { json, startWebServer, type Answer, type WebServer } from './support/web-server.ts';

const allow = json({ decision: 'allow', clientAuthenticationName: 'device-1' });
const own = await createIssuer('https://own.example');

async function start(
  answer: Answer,
  { rules = {}, timeoutMs = 5_000, ...options }: EventGridOptions & { rules?: DirectoryRules; timeoutMs?: number } = {},
): Promise<StartedEmulator & { web: WebServer }> {
  const web = await startWebServer(answer);
  let now = (): number => 0;
  const webhook = { url: web.url, timeoutMs, bearerToken: 'of the namespace' };
  const authenticator = createDirectory({ webhook, ...rules }, () => now());
  const started = await startEmulator({ ...options, authenticator });
  now = () => started.clock.now();
  return { ...started, web };
}

const shown = (data: string, authenticationMethod = 'WEBHOOK') => ({
  properties: { authenticationMethod, authenticationData: Buffer.from(data) },
});
const again = (data: string) => ({ cmd: 'auth' as const, reasonCode: 0x19, ...shown(data) });

describe('the webhook', () => {
  test('is asked with what CONNECT says, and names the client', async () => {
    const { port, web, emulator } = await start(allow);
    const fields = { username: 'user', password: Buffer.from('secret'), ...shown('data') };
    expect((await connectRaw(port, 'session-1', fields)).connack).toMatchObject({
      reasonCode: 0,
      properties: { authenticationMethod: 'WEBHOOK' },
    });
    const [request] = web.requests;
    expect(request).toMatchObject({
      method: 'POST',
      headers: { authorization: 'Bearer of the namespace', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      clientId: 'session-1',
      userName: 'user',
      password: Buffer.from('secret').toString('base64'),
      authenticationMethod: 'WEBHOOK',
      authenticationData: Buffer.from('data').toString('base64'),
    });
    expect(emulator.sessions()).toMatchObject([{ authenticationName: 'device-1' }]);
  });

  test('that denies a client is quoted in the log', async () => {
    const { port, emulator } = await start(json({ decision: 'deny', errorReason: 'unknown device' }));
    await connectRaw(port, 's');
    expect(emulator.log.entries()).toContainEqual({
      kind: 'unauthenticated',
      clientSessionName: 's',
      reasonCode: 0x87,
      detail: 'unknown device',
    });
  });

  test('is not told what was not said', async () => {
    const { port, web } = await start(allow);
    expect((await connectRaw(port, 's', { protocolVersion: 4 })).connack.returnCode).toBe(0);
    expect(JSON.parse(web.requests[0]?.body ?? '')).toEqual({ clientId: 's' });
  });

  test.each([
    { what: 'a denial', answer: json({ decision: 'deny', errorReason: 'unknown' }), code: 0x87 },
    { what: 'status 500', answer: json({ decision: 'allow', clientAuthenticationName: 'x' }, 500), code: 0x88 },
    { what: 'no name', answer: json({ decision: 'allow' }), code: 0x88 },
    { what: 'an attribute of no kind', answer: allowWith({ attributes: { a: {} } }), code: 0x88 },
    { what: 'an unknown decision', answer: json({ decision: 'perhaps' }), code: 0x88 },
    { what: 'no JSON', answer: ((_, response) => void response.end('<html>')) satisfies Answer, code: 0x88 },
    {
      what: 'an endless body',
      answer: ((_, response) => void response.end('x'.repeat(70_000))) satisfies Answer,
      code: 0x88,
    },
    { what: 'a cut', answer: ((_, response) => void response.destroy()) satisfies Answer, code: 0x88 },
  ])('that answers $what refuses the client with $code', async ({ answer, code }) => {
    const { port } = await start(answer);
    expect((await connectRaw(port, 's')).connack.reasonCode).toBe(code);
  });

  test('that says nothing in time, or not all, refuses with 0x88, and one that is not there too', async () => {
    const { port, web, clock } = await start(() => {}, { timeoutMs: 50 });
    expect((await connectRaw(port, 's')).connack.reasonCode).toBe(0x88);
    web.answer = (_request, response) => void response.writeHead(200).write('{');
    clock.advance(1_000);
    expect((await connectRaw(port, 's')).connack.reasonCode).toBe(0x88);
    await web.close();
    clock.advance(1_000);
    expect((await connectRaw(port, 's')).connack.reasonCode).toBe(0x88);
  });

  test('gives attributes to topic templates and client groups, and other ones when the client authenticates again', async () => {
    const { port, web } = await start(allowWith({ attributes: { plant: 'berlin', floor: 3 } }), {
      permissions: {
        topicSpaces: [{ name: 'plants', templates: ['plant/${client.attributes.plant}/#'] }],
        clientGroups: [{ name: 'lower', query: 'attributes.floor <= 5' }],
        permissions: [{ topicSpace: 'plants', role: 'Publisher', clientGroup: 'lower' }],
      },
    });
    const client = await connectRaw(port, 's', shown('first'));
    const codes = async () => {
      const found = [];
      for (const topic of ['plant/berlin/x', 'plant/paris/x']) {
        client.send(publishPacket(topic, 'x', { qos: 1, messageId: 1 }));
        found.push((await client.expect('puback')).reasonCode);
      }
      return found;
    };
    expect(await codes()).toEqual([0x10, 0x87]);
    for (const { attributes, expected } of [
      { attributes: { plant: 'paris', floor: 3 }, expected: [0x87, 0x10] },
      { attributes: { plant: 'paris', floor: 6 }, expected: [0x87, 0x87] },
    ]) {
      web.answer = allowWith({ attributes });
      client.send(again('renewed'));
      expect((await client.expect('auth')).reasonCode).toBe(0);
      expect(await codes()).toEqual(expected);
    }
  });

  test('says until when: then the connection ends with 0x87', async () => {
    const { port, clock } = await start(allowWith({ expiration: 60 }));
    const client = await connectRaw(port, 's');
    clock.advance(59_999);
    await roundTrip(client);
    clock.advance(1);
    expect((await client.expect('disconnect')).reasonCode).toBe(0x87);
  });

  test.each([
    { what: 'denies', answer: json({ decision: 'deny' }), code: 0x87, reason: 'ClientAuthenticationError' },
    { what: 'names another client', answer: allowAs('device-2'), code: 0x87, reason: 'ClientAuthenticationError' },
    { what: 'fails', answer: json({}, 503), code: 0x89, reason: 'ServerError' },
  ])('that $what when credentials are renewed ends the connection', async ({ answer, code, reason }) => {
    const { port, web, emulator } = await start(allow);
    const client = await connectRaw(port, 's', shown('first'));
    web.answer = answer;
    client.send(again('renewed'));
    expect((await client.expect('disconnect')).reasonCode).toBe(code);
    expect(emulator.log.entries().at(-1)).toMatchObject({ kind: 'sessionDropped' });
    expect(emulator.log.entries().at(-2)).toMatchObject({ disconnectionReason: reason });
  });

  test('is not asked about tokens that an issuer is known for', async () => {
    const customJwt = { issuer: own.issuer, audiences: ['https://ns.example'], keys: { jwks: own.jwks } };
    const { port, web } = await start(allow, { rules: { customJwt } });
    const token = await own.sign({ aud: 'https://ns.example', sub: 'device-2' });
    expect((await connectRaw(port, '1', shown(String(token), 'CUSTOM-JWT'))).connack.reasonCode).toBe(0);
    expect((await connectRaw(port, '2', shown('bad', 'CUSTOM-JWT'))).connack.reasonCode).toBe(0x87);
    expect(web.requests).toEqual([]);
    expect((await connectRaw(port, '3', shown('x', 'OAUTH2-JWT'))).connack.reasonCode).toBe(0);
    expect(web.requests).toHaveLength(1);
  });
});

test('over TLS the webhook gets the certificate of the client and its chain, and is itself asked over HTTPS', async () => {
  const root = await createAuthority();
  const issuing = await root.intermediate();
  const server = await root.issue({ purpose: 'server' });
  const device = await issuing.issue({ commonName: 'device-1', purpose: 'client' });
  const tls = { cert: server.chain, key: server.key };
  const web = await startWebServer(allow, tls);
  const { emulator, port } = await startEmulator(
    {
      authenticator: createDirectory(
        {
          certificates: { authorities: [], alternativeNameSources: ['ClientCertificateSubject'], clients: [] },
          webhook: { url: web.url, timeoutMs: 5_000, authority: root.certificate },
        },
        Date.now,
      ),
    },
    { host: 'localhost', tls: { ...tls, requestCert: true, rejectUnauthorized: false } },
  );
  const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, {
    ca: root.certificate,
    cert: device.chain,
    key: device.key,
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  expect(emulator.sessions()).toMatchObject([{ authenticationName: 'device-1' }]);
  const { clientCertificate, clientCertificateChain } = JSON.parse(web.requests[0]?.body ?? '');
  expect(new X509Certificate(clientCertificate).subject).toBe('CN=device-1');
  expect(new X509Certificate(clientCertificateChain).fingerprint).toBe(
    new X509Certificate(issuing.certificate).fingerprint,
  );
  await client.endAsync();
});

function allowWith(fields: object): Answer {
  return json({ decision: 'allow', clientAuthenticationName: 'device-1', ...fields });
}

function allowAs(clientAuthenticationName: string): Answer {
  return json({ decision: 'allow', clientAuthenticationName });
}
