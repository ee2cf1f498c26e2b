import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSiteKey, hashSecret, newSecret } from '../../../../functions/auth/api-key.ts';
import type { Authorization } from '../../../../functions/auth/authorize-port.ts';
import { createAuthorizer } from '../../../../functions/auth/authorizer.ts';
import type { Grant } from '../../../../functions/store/store.ts';
import { settingsSchema } from '../../../../functions/wiring/settings.ts';
import { OBJECT_ID, startEntraTenant, type TokenOptions } from '../../../support/entra-tenant.ts';
import { createMemoryGrants } from '../../../support/memory-grants.ts';
import type { Scope } from '../../../support/scope.ts';

const MINUTE = 60_000;
const CREATED = '2027-01-15T08:00:00Z';
const adminKey = newSecret();
const siteSecret = newSecret();

const keyGrant = (id: string, rest: Partial<Grant> = {}): Grant => ({
  id,
  principal: { kind: 'key', sha256: hashSecret(siteSecret) },
  role: 'Bridge.Agent',
  createdAt: CREATED,
  ...rest,
});

const entraGrant = (rest: Partial<Grant> = {}): Grant => ({
  id: 'by-entra',
  principal: { kind: 'entra', objectId: OBJECT_ID },
  role: 'Bridge.Agent',
  createdAt: CREATED,
  ...rest,
});

interface Setup {
  readonly grants?: Readonly<Record<string, readonly Grant[]>>;
  readonly settings?: Readonly<Record<string, string | undefined>>;
}

async function setUp(scope: Scope, { grants = {}, settings = {} }: Setup = {}) {
  const clock = { ms: 1_800_000_000_000 };
  const logged: unknown[] = [];
  const entra = await startEntraTenant(scope, () => clock.ms);
  const store = createMemoryGrants(grants);
  const { authorize, grants: watched } = createAuthorizer(
    settingsSchema.parse({
      MQTTBRIDGE_ENTRA_TENANT_ID: entra.tenant,
      MQTTBRIDGE_ENTRA_AUDIENCE: entra.audience,
      MQTTBRIDGE_ENTRA_AUTHORITY: entra.authority,
      MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret(adminKey),
      ...settings,
    }),
    { grants: store, now: () => clock.ms, log: (event, fields) => logged.push({ event, ...fields }) },
  );
  const ask = (headers: Readonly<Record<string, string>>, site?: string) =>
    authorize({ get: (name) => headers[name] ?? null }, site === undefined ? {} : { site });
  return {
    clock,
    entra,
    store,
    watched,
    logged,
    ask,
    bearer: (credential: string, site?: string) => ask({ authorization: `Bearer ${credential}` }, site),
  };
}

const rolesOf = (answer: Authorization) => (answer.kind === 'caller' ? [...answer.caller.roles] : answer);

describe('the key of the administrator', () => {
  test('makes its bearer the administrator', async (t) => {
    const { bearer } = await setUp(t);
    expect(await bearer(adminKey)).toEqual({
      kind: 'caller',
      caller: { id: 'key:admin', roles: new Set(['Bridge.Admin']) },
    });
  });

  test('may be named by a scheme in any case, as RFC 9110 has it', async (t) => {
    const { ask } = await setUp(t);
    expect(await ask({ authorization: `bEARER ${adminKey}` })).toMatchObject({ kind: 'caller' });
  });

  test.for([
    ['another secret', () => newSecret()],
    ['its hash', () => hashSecret(adminKey)],
    ['a part of it', () => adminKey.slice(1)],
    ['more than it', () => `${adminKey}a`],
  ] as [string, () => string][])('is not replaced by %s', async ([, credential], t) => {
    const { bearer } = await setUp(t);
    expect(await bearer(credential())).toMatchObject({ kind: 'unauthenticated' });
  });
});

describe('a token', () => {
  test('names its bearer and says its roles', async (t) => {
    const { bearer, entra } = await setUp(t);
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
    const { bearer, entra } = await setUp(t);
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
    const { bearer, entra } = await setUp(t);
    const answer = await bearer(await entra.token({ roles: ['Bridge.Admin'], ...options }));
    expect(answer).toEqual({ kind: 'unauthenticated', why: expect.stringMatching(why) });
  });

  test('with Bridge.Agent alone may do nothing where no grant names it', async (t) => {
    const { bearer, entra } = await setUp(t);
    expect(rolesOf(await bearer(await entra.token({ roles: ['Bridge.Agent'] }), 'here'))).toEqual([]);
  });

  test('gets what grants of the site add, and only there', async (t) => {
    const { bearer, entra } = await setUp(t, { grants: { here: [entraGrant({ connector: 'a' }), keyGrant('k')] } });
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
    const { bearer, entra, logged } = await setUp(t, { settings: { MQTTBRIDGE_ENTRA_AUDIENCE: undefined } });
    expect(await bearer(await entra.token({ roles: ['Bridge.Admin'] }))).toMatchObject({ kind: 'unauthenticated' });
    expect(logged).toMatchObject([{ event: 'AuthenticationSettingIgnored' }]);
    expect(entra.looks()).toBe(0);
  });
});

describe('the keys of the authority', () => {
  test('are fetched once for all tokens', async (t) => {
    const { bearer, entra } = await setUp(t);
    await Promise.all(Array.from({ length: 20 }, async () => bearer(await entra.token())));
    expect(entra.looks()).toBe(1);
  });

  test('are looked at again at most every 30 seconds for key IDs that nobody knows', async (t) => {
    const { bearer, clock, entra } = await setUp(t);
    const unknown = async (nth: number) => bearer(await entra.token({ header: { kid: `nobody-${nth}` } }));
    for (let nth = 0; nth < 10; nth++) await unknown(nth);
    expect(entra.looks()).toBe(1);
    clock.ms += 30_000;
    for (let nth = 0; nth < 10; nth++) await unknown(nth);
    expect(entra.looks()).toBe(2);
  });

  test('may be joined by a new one at any time', async (t) => {
    const { bearer, clock, entra } = await setUp(t);
    const token = await entra.token({ header: { kid: 'rolled' } });
    expect(await bearer(token)).toMatchObject({ kind: 'unauthenticated' });
    entra.publish([entra.jwk, { ...entra.jwk, kid: 'rolled' }]);
    clock.ms += 30_000;
    expect(await bearer(token)).toMatchObject({ kind: 'caller' });
  });

  test('that cannot be fetched are no fault of the token, and are tried again after 5 seconds', async (t) => {
    const { bearer, clock, entra, logged } = await setUp(t);
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
    const { bearer, clock, entra } = await setUp(t);
    await bearer(await entra.token());
    entra.setStatus(503);
    clock.ms += 23 * 60 * MINUTE;
    expect(await bearer(await entra.token())).toMatchObject({ kind: 'caller' });
    clock.ms += 60 * MINUTE;
    expect(await bearer(await entra.token())).toMatchObject({ kind: 'unavailable' });
  });

  test('that were withdrawn are believed for an hour at most', async (t) => {
    const { bearer, clock, entra } = await setUp(t);
    await bearer(await entra.token());
    entra.publish([{ ...entra.jwk, kid: 'newer' }]);
    clock.ms += 60 * MINUTE;
    expect(await bearer(await entra.token())).toMatchObject({ kind: 'unauthenticated' });
  });

  test('are not asked for by what cannot be a token', async (t) => {
    const { bearer, entra } = await setUp(t);
    const none = [btoa('{"alg":"none"}'), btoa('{}'), ''].join('.').replaceAll('=', '');
    for (const credential of ['a.b.c', 'nothing', none, 'mqb_here_a_short']) await bearer(credential);
    expect(entra.looks()).toBe(0);
  });
});

describe('a key of a site', () => {
  const grants = { here: [keyGrant('a', { connector: 'edge' }), keyGrant('r', { role: 'Bridge.Read' })] };
  const keyOf = (site: string, id: string, secret = siteSecret) => formatSiteKey({ site, id, secret });

  test('confines its bearer to the site and connector of the grant, whatever the request is about', async (t) => {
    const { bearer } = await setUp(t, { grants });
    const caller = { id: 'key:here/a', roles: new Set(['Bridge.Agent']), site: 'here', connector: 'edge' };
    expect(await bearer(keyOf('here', 'a'), 'there')).toEqual({ kind: 'caller', caller });
    expect(await bearer(keyOf('here', 'r'))).toEqual({
      kind: 'caller',
      caller: { id: 'key:here/r', roles: new Set(['Bridge.Read']), site: 'here' },
    });
  });

  test('is refused in the same words whether site, id or secret is wrong', async (t) => {
    const { bearer } = await setUp(t, { grants: { here: [...grants.here, entraGrant()] } });
    const wrong = [
      keyOf('there', 'a'),
      keyOf('here', 'b'),
      keyOf('here', 'a', newSecret()),
      keyOf('here', 'by-entra'),
      `${keyOf('here', 'a')}a`,
      `mqb_${siteSecret}`,
    ];
    const answers = await Promise.all(wrong.map((key) => bearer(key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set(['{"kind":"unauthenticated","why":"The key is not known."}']),
    );
  });

  test('costs one operation of the store in five minutes, for all callers of the site', async (t) => {
    const { bearer, clock, store } = await setUp(t, { grants });
    for (let nth = 0; nth < 10; nth++) {
      await Promise.all([bearer(keyOf('here', 'a')), bearer(keyOf('here', 'r'))]);
      clock.ms += MINUTE / 2 - 1;
    }
    expect(store.operations()).toBe(1);
    clock.ms += MINUTE / 2;
    await bearer(keyOf('here', 'a'));
    expect(store.operations()).toBe(2);
  });

  test('works no longer than five minutes after another process removed its grant', async (t) => {
    const { bearer, clock, store } = await setUp(t, { grants });
    await bearer(keyOf('here', 'a'));
    await store.remove('here', 'a');
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
    clock.ms += 5 * MINUTE;
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });

  test('works no longer at all when this process removed its grant', async (t) => {
    const { bearer, watched } = await setUp(t, { grants });
    await bearer(keyOf('here', 'a'));
    await watched.remove('here', 'a');
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });

  test('works 5 seconds after another process made it, with the id of an old one too', async (t) => {
    const { bearer, clock, store } = await setUp(t, { grants });
    const secret = newSecret();
    expect(await bearer(keyOf('here', 'a', secret))).toMatchObject({ kind: 'unauthenticated' });
    await store.remove('here', 'a');
    await store.create('here', keyGrant('a', { principal: { kind: 'key', sha256: hashSecret(secret) } }));
    clock.ms += 5000;
    expect(await bearer(keyOf('here', 'a', secret))).toMatchObject({ kind: 'caller' });
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'unauthenticated' });
  });

  test('is not judged while the store is away, unless it is known', async (t) => {
    const { bearer, store } = await setUp(t, { grants: { ...grants, there: [keyGrant('t')] } });
    await bearer(keyOf('here', 'a'));
    store.setBroken(true);
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
    expect(await bearer(keyOf('there', 't'))).toEqual({ kind: 'unavailable', retryAfterSeconds: 5 });
    store.setBroken(false);
    expect(await bearer(keyOf('there', 't'))).toMatchObject({ kind: 'caller' });
  });

  test('of thousands of sites that do not exist costs the store a bounded number of operations', async (t) => {
    const { bearer, store } = await setUp(t, { grants });
    await bearer(keyOf('here', 'a'));
    for (let nth = 0; nth < 6000; nth++) await bearer(keyOf(`nowhere-${nth}`, 'a'));
    expect(store.operations()).toBe(5000);
    expect(await bearer(keyOf('nowhere-6000', 'a'))).toEqual({ kind: 'unavailable', retryAfterSeconds: 1 });
    expect(await bearer(keyOf('here', 'a'))).toMatchObject({ kind: 'caller' });
  });
});

test('where nothing is configured nobody gets in, and the log says so', async (t) => {
  const nothing = { MQTTBRIDGE_ENTRA_TENANT_ID: undefined, MQTTBRIDGE_ADMIN_KEY_SHA256: undefined };
  const { bearer, entra, ask, logged } = await setUp(t, { settings: nothing, grants: { here: [keyGrant('a')] } });
  const key = formatSiteKey({ site: 'here', id: 'a', secret: siteSecret });
  for (const credential of [adminKey, key, await entra.token({ roles: ['Bridge.Admin'] })]) {
    expect(await bearer(credential)).toEqual({ kind: 'unconfigured' });
  }
  expect(await ask({})).toEqual({ kind: 'unconfigured' });
  expect(logged).toMatchObject([{ event: 'AuthenticationSettingIgnored' }, { event: 'AuthenticationUnconfigured' }]);
});

test('no header that is made up lets anybody in, and none makes it fail', async (t) => {
  const { ask, logged } = await setUp(t, { grants: { here: [keyGrant('a')] } });
  const part = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('Bearer ', 'bearer', 'Basic ', 'mqb_here_a_', '.', '=', ' ', ', '),
    fc.base64String(),
    fc.json().map((text) => Buffer.from(text).toString('base64url')),
  );
  const header = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(header, header, async (authorization, principal) => {
      const answer = await ask({ authorization, 'x-ms-client-principal': principal }, 'here');
      expect(answer).toMatchObject({ kind: 'unauthenticated' });
    }),
    { numRuns: 2000 },
  );
  expect(logged).toEqual([]);
});
