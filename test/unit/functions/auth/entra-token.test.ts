import { describe, expect, test } from 'vitest';
import type { Authorization } from '../../../../functions/auth/authorize-port.ts';
import { entraGrant, keyGrant, setUpAuthorizer } from '../../../support/authorizer.ts';
import { OBJECT_ID, type TokenOptions } from '../../../support/entra-tenant.ts';

const MINUTE = 60_000;

const rolesOf = (answer: Authorization) => (answer.kind === 'caller' ? [...answer.caller.roles] : answer);

describe('a token', () => {
  test('names its bearer and says its roles', async (t) => {
    const { bearer, entra } = await setUpAuthorizer(t);
    expect(await bearer(await entra.token({ roles: ['Bridge.Write', 'Other.Role'] }))).toEqual({
      kind: 'caller',
      caller: { id: `entra:${OBJECT_ID}`, roles: new Set(['Bridge.Write']) },
    });
  });

  test.for([
    ['version 1.0', { claims: { iss: 'https://sts.windows.net/11111111-2222-3333-4444-555555555555/' } }],
    ['an audience with a slash at its end', { claims: { aud: 'api://mqttbridge/' } }],
    ['an end within the tolerance', { claims: { exp: 1_800_000_000 - 59 } }],
    ['a begin within the tolerance', { claims: { nbf: 1_800_000_000 + 60 } }],
    ['no begin', { claims: { nbf: undefined } }],
  ] as [string, TokenOptions][])('of %s is taken', async ([, options], t) => {
    const { bearer, entra } = await setUpAuthorizer(t);
    expect(await bearer(await entra.token(options))).toMatchObject({ kind: 'caller' });
  });

  test.for([
    ['that has expired', { claims: { exp: 1_800_000_000 - 61 } }, 'The token has expired.'],
    ['without an end', { claims: { exp: undefined } }, /./],
    ['that begins later', { claims: { nbf: 1_800_000_000 + 61 } }, 'The token is not valid yet.'],
    ['for another audience', { claims: { aud: 'api://other' } }, 'The token is for another audience.'],
    ['for no audience', { claims: { aud: undefined } }, 'The token is for another audience.'],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }, 'The token is of another issuer.'],
    ['of another tenant', { claims: { tid: '99999999-2222-3333-4444-555555555555' } }, /another tenant/],
    ['without tenant', { claims: { tid: undefined } }, /principal/],
    ['without object ID', { claims: { oid: undefined } }, /principal/],
    ['with roles that are no list', { claims: { roles: 'Bridge.Admin' } }, /principal/],
    ['signed by another key', { otherKey: true }, /signature/],
    ['of a key ID that nobody knows', { header: { kid: 'key-2' } }, /key that is not known/],
    ['without key ID', { header: { kid: undefined } }, /RS256/],
  ] as [string, TokenOptions, string | RegExp][])('%s is refused', async ([, options, why], t) => {
    const { bearer, entra } = await setUpAuthorizer(t);
    const answer = await bearer(await entra.token({ roles: ['Bridge.Admin'], ...options }));
    expect(answer).toEqual({ kind: 'unauthenticated', why: expect.stringMatching(why) });
  });

  test('with Bridge.Agent alone may do nothing where no grant names it', async (t) => {
    const { bearer, entra } = await setUpAuthorizer(t);
    expect(rolesOf(await bearer(await entra.token({ roles: ['Bridge.Agent'] }), 'here'))).toEqual([]);
  });

  test('gets what grants of the site add, and only there', async (t) => {
    const { bearer, entra } = await setUpAuthorizer(t, {
      grants: { here: [entraGrant({ connector: 'a' }), keyGrant('k')] },
    });
    const token = await entra.token();
    expect(await bearer(token, 'here')).toMatchObject({
      caller: { roles: new Set(), grants: [{ role: 'Bridge.Agent', site: 'here', connector: 'a' }] },
    });
    expect(await bearer(token, 'there')).toEqual({
      kind: 'caller',
      caller: { id: `entra:${OBJECT_ID}`, roles: new Set() },
    });
  });

  test('is for nobody where only half of Entra is configured', async (t) => {
    const { bearer, entra, logged } = await setUpAuthorizer(t, { settings: { MQTTBRIDGE_ENTRA_AUDIENCE: undefined } });
    expect(await bearer(await entra.token({ roles: ['Bridge.Admin'] }))).toMatchObject({ kind: 'unauthenticated' });
    expect(logged).toMatchObject([{ event: 'AuthenticationSettingIgnored' }]);
    expect(entra.looks()).toBe(0);
  });
});

describe('the keys of the authority', () => {
  test('are fetched once for all tokens', async (t) => {
    const { bearer, entra } = await setUpAuthorizer(t);
    await Promise.all(Array.from({ length: 20 }, async () => bearer(await entra.token())));
    expect(entra.looks()).toBe(1);
  });

  test('are looked at again at most every 30 seconds for key IDs that nobody knows', async (t) => {
    const { bearer, clock, entra } = await setUpAuthorizer(t);
    const unknown = async (nth: number) => bearer(await entra.token({ header: { kid: `nobody-${nth}` } }));
    for (let nth = 0; nth < 10; nth++) await unknown(nth);
    expect(entra.looks()).toBe(1);
    clock.ms += 30_000;
    for (let nth = 0; nth < 10; nth++) await unknown(nth);
    expect(entra.looks()).toBe(2);
  });

  test('may be joined by a new one at any time', async (t) => {
    const { bearer, clock, entra } = await setUpAuthorizer(t);
    const token = await entra.token({ header: { kid: 'rolled' } });
    expect(await bearer(token)).toMatchObject({ kind: 'unauthenticated' });
    entra.publish([entra.jwk, { ...entra.jwk, kid: 'rolled' }]);
    clock.ms += 30_000;
    expect(await bearer(token)).toMatchObject({ kind: 'caller' });
  });

  test('that cannot be fetched are no fault of the token, and are tried again after 5 seconds', async (t) => {
    const { bearer, clock, entra, logged } = await setUpAuthorizer(t);
    entra.setStatus(500);
    const token = await entra.token();
    for (let nth = 0; nth < 5; nth++) {
      expect(await bearer(token)).toEqual({ kind: 'unavailable', retryAfterSeconds: 5 });
    }
    expect(entra.looks()).toBe(1);
    expect(logged).toEqual([{ event: 'SigningKeysUnavailable', authority: entra.authority, cause: 'HTTP status 500' }]);
    entra.setStatus(200);
    clock.ms += 5000;
    expect(await bearer(token)).toMatchObject({ kind: 'caller' });
  });

  test('serve for a day when newer ones cannot be fetched, and no longer', async (t) => {
    const { bearer, clock, entra } = await setUpAuthorizer(t);
    await bearer(await entra.token());
    entra.setStatus(503);
    clock.ms += 23 * 60 * MINUTE;
    expect(await bearer(await entra.token())).toMatchObject({ kind: 'caller' });
    clock.ms += 60 * MINUTE;
    expect(await bearer(await entra.token())).toMatchObject({ kind: 'unavailable' });
  });

  test('that were withdrawn are believed for an hour at most', async (t) => {
    const { bearer, clock, entra } = await setUpAuthorizer(t);
    await bearer(await entra.token());
    entra.publish([{ ...entra.jwk, kid: 'newer' }]);
    clock.ms += 60 * MINUTE;
    expect(await bearer(await entra.token())).toMatchObject({ kind: 'unauthenticated' });
  });

  test('are not asked for by what cannot be a token', async (t) => {
    const { bearer, entra } = await setUpAuthorizer(t);
    const none = [btoa('{"alg":"none"}'), btoa('{}'), ''].join('.').replaceAll('=', '');
    for (const credential of ['a.b.c', 'nothing', none, 'mqb_here_a_short']) await bearer(credential);
    expect(entra.looks()).toBe(0);
  });
});
