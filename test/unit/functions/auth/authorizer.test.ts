import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSiteKey, hashSecret, newSecret } from '../../../../functions/auth/api-key.ts';
import { adminKey, keyGrant, setUpAuthorizer, siteSecret } from '../../../support/authorizer.ts';

describe('the key of the administrator', () => {
  test('makes its bearer the administrator', async (t) => {
    const { bearer } = await setUpAuthorizer(t);
    expect(await bearer(adminKey)).toEqual({
      kind: 'caller',
      caller: { id: 'key:admin', roles: new Set(['Bridge.Admin']) },
    });
  });

  test('may be named by a scheme in any case, as RFC 9110 has it', async (t) => {
    const { ask } = await setUpAuthorizer(t);
    expect(await ask({ authorization: `bEARER ${adminKey}` })).toMatchObject({ kind: 'caller' });
  });

  test.for([
    ['another secret', () => newSecret()],
    ['its hash', () => hashSecret(adminKey)],
    ['a part of it', () => adminKey.slice(1)],
    ['more than it', () => `${adminKey}a`],
  ] as [string, () => string][])('is not replaced by %s', async ([, credential], t) => {
    const { bearer } = await setUpAuthorizer(t);
    expect(await bearer(credential())).toMatchObject({ kind: 'unauthenticated' });
  });
});

test('where nothing is configured nobody gets in, and the log says so', async (t) => {
  const nothing = { MQTTBRIDGE_ENTRA_TENANT_ID: undefined, MQTTBRIDGE_ADMIN_KEY_SHA256: undefined };
  const { bearer, entra, ask, logged } = await setUpAuthorizer(t, {
    settings: nothing,
    grants: { here: [keyGrant('a')] },
  });
  const key = formatSiteKey({ site: 'here', id: 'a', secret: siteSecret });
  for (const credential of [adminKey, key, await entra.token({ roles: ['Bridge.Admin'] })]) {
    expect(await bearer(credential)).toEqual({ kind: 'unconfigured' });
  }
  expect(await ask({})).toEqual({ kind: 'unconfigured' });
  expect(logged).toMatchObject([{ event: 'AuthenticationSettingIgnored' }, { event: 'AuthenticationUnconfigured' }]);
});

test('no header that is made up lets anybody in, and none makes it fail', async (t) => {
  const { ask, logged } = await setUpAuthorizer(t, { grants: { here: [keyGrant('a')] } });
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
