import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDirectory, type DirectoryRules } from '../../../local/emulator/authentication/directory.ts';
import { createTokenCheck } from '../../../local/emulator/authentication/token.ts';
import type { EventGridOptions } from '../../../local/emulator/emulator.ts';
import { connectRaw, publishPacket, roundTrip, subscribeRaw } from '../broker/support/raw-client.ts';
import { startEmulator, type StartedEmulator } from './support/emulator.ts';
import { createIssuer } from './support/tokens.ts';
import { json, startWebServer, type Answer } from './support/web-server.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const entra = await createIssuer('https://entra.example/tenant/v2.0');
const own = await createIssuer('https://own.example');
const foreign = await generateKeyPair('RS256');

const rules: DirectoryRules = {
  entra: { issuer: entra.issuer, audiences: [AUDIENCE], keys: { jwks: entra.jwks } },
  customJwt: { issuer: own.issuer, audiences: ['https://ns.example/'], keys: { jwks: own.jwks } },
};

async function start(options: EventGridOptions = {}): Promise<StartedEmulator> {
  let now = (): number => 0;
  const started = await startEmulator({ ...options, authenticator: createDirectory(rules, () => now()) });
  now = () => started.clock.now();
  return started;
}

function shown(authenticationData: Buffer, authenticationMethod = 'OAUTH2-JWT') {
  return { properties: { authenticationMethod, authenticationData, sessionExpiryInterval: 600 } };
}

const entraToken = (claims = {}) => entra.sign({ aud: AUDIENCE, oid: 'principal-1', ...claims });
const ownToken = (claims = {}) => own.sign({ aud: 'https://ns.example', sub: 'device-1', ...claims });

describe('a token of Entra', () => {
  test.each([AUDIENCE, `${AUDIENCE}/`])('for %s names its principal', async (aud) => {
    const { emulator, port } = await start();
    const { connack } = await connectRaw(port, 'c', shown(await entraToken({ aud })));
    expect(connack).toMatchObject({ reasonCode: 0, properties: { authenticationMethod: 'OAUTH2-JWT' } });
    expect(emulator.sessions()).toMatchObject([{ authenticationName: 'principal-1' }]);
  });

  test.each([
    { what: 'another audience', token: () => entraToken({ aud: 'https://storage.azure.com' }) },
    { what: 'another issuer', token: () => entraToken({ iss: own.issuer }) },
    { what: 'its end', token: () => entraToken({ exp: -1 }) },
    { what: 'no end', token: () => entraToken({ exp: undefined }) },
    { what: 'a time to come', token: () => entraToken({ nbf: 60 }) },
    { what: 'no principal', token: () => entraToken({ oid: undefined }) },
    { what: 'the scopes of a user', token: () => entraToken({ scp: 'user_impersonation' }) },
    { what: 'another key', token: () => entra.sign({ aud: AUDIENCE, oid: 'p' }, { key: foreign.privateKey }) },
    {
      what: 'algorithm HS256',
      token: () => entra.sign({ aud: AUDIENCE, oid: 'p' }, { alg: 'HS256', key: new Uint8Array(32) }),
    },
    { what: 'no form of a token', token: async () => Buffer.from('token') },
  ])('with $what is refused with 0x87', async ({ token }) => {
    const { port } = await start();
    expect((await connectRaw(port, 'c', shown(await token()))).connack.reasonCode).toBe(0x87);
  });

  test('that is refused is in the log with the cause, not with the token', async () => {
    const { emulator, port } = await start();
    const token = await entraToken({ aud: 'https://storage.azure.com' });
    await connectRaw(port, 'c', shown(token));
    expect(emulator.log.entries()).toContainEqual({
      kind: 'unauthenticated',
      clientSessionName: 'c',
      reasonCode: 0x87,
      detail: 'unexpected "aud" claim value',
    });
    expect(JSON.stringify(emulator.log.entries())).not.toContain(String(token).slice(-20));
  });

  test('in the password lets nobody in', async () => {
    const { port } = await start();
    for (const protocolVersion of [4, 5] as const) {
      const fields = { protocolVersion, username: 'principal-1', password: await entraToken() };
      const { connack } = await connectRaw(port, `c${protocolVersion}`, fields);
      expect(connack.reasonCode ?? connack.returnCode).toBe(protocolVersion === 5 ? 0x87 : 5);
    }
  });

  test('names its principal whatever user name comes with it', async () => {
    const { emulator, port } = await start();
    await connectRaw(port, 'c', { username: 'somebody', ...shown(await entraToken()) });
    expect(emulator.sessions()).toMatchObject([{ authenticationName: 'principal-1' }]);
  });

  test('without a method is a protocol error', async () => {
    const { port } = await start();
    const properties = { authenticationData: await entraToken() };
    expect((await connectRaw(port, 'c', { properties })).connack.reasonCode).toBe(0x82);
  });

  test('by an unknown method can be refused with 0x87', async () => {
    const { port } = await start({ settings: { unknownMethodReasonCode: 0x87 } });
    expect((await connectRaw(port, 'c', shown(await entraToken(), 'K8S-SAT'))).connack.reasonCode).toBe(0x87);
  });

  test('by another method is refused', async () => {
    const { port } = await start();
    expect((await connectRaw(port, '1', shown(await entraToken(), 'CUSTOM-JWT'))).connack.reasonCode).toBe(0x87);
    expect((await connectRaw(port, '2', shown(await entraToken(), 'K8S-SAT'))).connack.reasonCode).toBe(0x8c);
  });
});

describe('a token of an issuer of one’s own', () => {
  test.each([
    { what: 'all claims', claims: {}, code: 0 },
    { what: 'no nbf', claims: { nbf: undefined }, code: 0x87 },
    { what: 'no sub', claims: { sub: undefined }, code: 0x87 },
    { what: 'another audience', claims: { aud: AUDIENCE }, code: 0x87 },
  ])('with $what is answered $code', async ({ claims, code }) => {
    const { port } = await start();
    expect((await connectRaw(port, 'c', shown(await ownToken(claims), 'CUSTOM-JWT'))).connack.reasonCode).toBe(code);
  });

  test('gives its claims to topic templates', async () => {
    const { port } = await start({
      permissions: {
        topicSpaces: [{ name: 'line', templates: ['plant/${client.attributes.line}/#'] }],
        permissions: [{ topicSpace: 'line', role: 'Subscriber' }],
      },
    });
    const client = await connectRaw(port, 'c', shown(await ownToken({ line: ['1', '2'] }), 'CUSTOM-JWT'));
    const codes = [];
    for (const filter of ['plant/2/#', 'plant/3/#']) codes.push(await subscribeRaw(client, filter));
    expect(codes).toEqual([[1], [0x87]]);
  });

  test('is checked with every certificate of its issuer', async () => {
    const keys = { certificates: [entra.certificate, own.certificate] };
    const check = createTokenCheck('CUSTOM-JWT', { issuer: own.issuer, audiences: ['https://ns.example'], keys });
    expect(await check(await ownToken(), 0)).toMatchObject({ kind: 'known', name: 'device-1' });
    const forged = await own.sign({ aud: 'https://ns.example', sub: 'device-1' }, { key: foreign.privateKey });
    expect(await check(forged, 0)).toMatchObject({ kind: 'unknown', reasonCode: 0x87 });
  });

  test('is checked with keys served on this machine', async () => {
    const server = createServer((_request, response) => response.end(JSON.stringify(own.jwks)));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    const check = createTokenCheck('CUSTOM-JWT', {
      issuer: own.issuer,
      audiences: ['https://ns.example'],
      keys: { jwksUrl },
    });
    expect(await check(await ownToken(), 0)).toMatchObject({ kind: 'known', name: 'device-1', expiresAt: 3_600_000 });
  });
});

describe('keys that cannot be fetched', () => {
  const answers: readonly { what: string; answer: Answer; code: number }[] = [
    { what: 'status 500', answer: json({}, 500), code: 0x88 },
    { what: 'no keys', answer: json({}), code: 0x88 },
    { what: 'no JSON', answer: (_request, response) => void response.end('<html>'), code: 0x88 },
    { what: 'a cut', answer: (_request, response) => void response.destroy(), code: 0x88 },
    { what: 'keys of somebody else', answer: json({ keys: [{ ...own.jwks.keys[0], kid: 'k2' }] }), code: 0x87 },
  ];

  test.each(answers)('refuse with $code for $what, because nothing is known of the token', async ({ answer, code }) => {
    const web = await startWebServer(answer);
    const keys = { jwksUrl: web.url };
    const authenticator = createDirectory({ entra: { issuer: entra.issuer, audiences: [AUDIENCE], keys } }, () => 0);
    const { port } = await startEmulator({ authenticator });
    expect((await connectRaw(port, 'c', shown(await entraToken()))).connack.reasonCode).toBe(code);
  });

  test('are fetched when their server is back', async () => {
    const web = await startWebServer(json({}, 503));
    const keys = { jwksUrl: web.url };
    const check = createTokenCheck('OAUTH2-JWT', { issuer: entra.issuer, audiences: [AUDIENCE], keys });
    expect(await check(await entraToken(), 0)).toMatchObject({ kind: 'unknown', reasonCode: 0x88 });
    web.answer = json(entra.jwks);
    expect(await check(await entraToken(), 0)).toMatchObject({ kind: 'known', name: 'principal-1' });
  });
});

describe('re-authentication', () => {
  const again = (authenticationData: Buffer) => ({
    cmd: 'auth' as const,
    reasonCode: 0x19,
    properties: { authenticationMethod: 'OAUTH2-JWT', authenticationData },
  });

  test('lets the connection live as long as the new token', async () => {
    const { port, clock, emulator } = await start();
    const client = await connectRaw(port, 'c', shown(await entraToken({ exp: 600 })));
    clock.advance(599_000);
    client.send(again(await entraToken({ exp: 1_200 })));
    expect(await client.expect('auth')).toMatchObject({
      reasonCode: 0,
      properties: { authenticationMethod: 'OAUTH2-JWT' },
    });
    clock.advance(600_999);
    await roundTrip(client);
    clock.advance(1);
    expect((await client.expect('disconnect')).reasonCode).toBe(0x87);
    expect(emulator.log.entries()).toContainEqual(
      expect.objectContaining({ kind: 'disconnected', disconnectionReason: 'ClientAuthenticationError' }),
    );
  });

  test('can be confirmed in the short form', async () => {
    const { port } = await start({ settings: { reauthenticationReply: 'short' } });
    const client = await connectRaw(port, 'c', shown(await entraToken()));
    client.send(again(await entraToken()));
    expect(await client.frame()).toEqual(Buffer.from([0xf0, 0]));
    await roundTrip(client);
  });

  test.each([
    { what: 'a token that is over', claims: { exp: -1 } },
    { what: 'the token of another principal', claims: { oid: 'principal-2' } },
  ])('with $what ends the connection with 0x87', async ({ claims }) => {
    const { port } = await start();
    const client = await connectRaw(port, 'c', shown(await entraToken()));
    client.send(again(await entraToken(claims)));
    expect((await client.expect('disconnect')).reasonCode).toBe(0x87);
  });

  test('does not hold up messages, which go on under the earlier token', async () => {
    const { port } = await start();
    const client = await connectRaw(port, 'c', shown(await entraToken()));
    client.send(again(await entraToken()), publishPacket('a', 'x', { qos: 1, messageId: 1 }));
    expect((await client.expect('puback')).reasonCode).toBe(0x10);
    expect((await client.expect('auth')).reasonCode).toBe(0);
  });

  test('takes the claims of the new token for topic templates', async () => {
    const { port } = await start({
      permissions: {
        topicSpaces: [{ name: 'line', templates: ['plant/${client.attributes.line}/#'] }],
        permissions: [{ topicSpace: 'line', role: 'Subscriber' }],
      },
    });
    const client = await connectRaw(port, 'c', shown(await ownToken({ line: '1' }), 'CUSTOM-JWT'));
    expect([await subscribeRaw(client, 'plant/1/#'), await subscribeRaw(client, 'plant/2/#')]).toEqual([[1], [0x87]]);
    const authenticationData = await ownToken({ line: '2' });
    client.send({
      cmd: 'auth',
      reasonCode: 0x19,
      properties: { authenticationMethod: 'CUSTOM-JWT', authenticationData },
    });
    await client.expect('auth');
    expect([await subscribeRaw(client, 'plant/1/x'), await subscribeRaw(client, 'plant/2/#')]).toEqual([[0x87], [1]]);
  });

  test('need not come where the end of a token does nothing', async () => {
    const { port, clock } = await start({ settings: { whenTokenExpires: 'nothing' } });
    const client = await connectRaw(port, 'c', shown(await entraToken({ exp: 600 })));
    clock.advance(601_000);
    await roundTrip(client);
  });
});
