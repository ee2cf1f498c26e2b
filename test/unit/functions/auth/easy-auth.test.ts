import { describe, expect, test } from 'vitest';
import { hashSecret } from '../../../../functions/auth/api-key.ts';
import { createAuthorizer } from '../../../../functions/auth/authorizer.ts';
import { readClientPrincipal } from '../../../../functions/auth/easy-auth.ts';
import { settingsSchema } from '../../../../functions/wiring/settings.ts';
import { createMemoryGrants } from '../../../support/memory-grants.ts';

const TENANT = '11111111-2222-3333-4444-555555555555';
const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';
const OBJECT_ID = 'aaaaaaaa-0000-4000-8000-000000000001';
const MICROSOFT = 'http://schemas.microsoft.com/identity/claims';

type Claims = readonly (readonly [string, string])[];

const CLAIMS: Claims = [
  [`${MICROSOFT}/objectidentifier`, OBJECT_ID],
  [`${MICROSOFT}/tenantid`, TENANT],
  ['roles', 'Bridge.Admin'],
];

function principal(claims: Claims = CLAIMS, rest: object = {}): string {
  const list = claims.map(([typ, val]) => ({ typ, val }));
  return btoa(JSON.stringify({ auth_typ: 'aad', name_typ: 'name', role_typ: 'roles', claims: list, ...rest }));
}

describe('a principal that App Service vouches for', () => {
  test('has the name and roles of its claims', () => {
    expect(readClientPrincipal(principal(), TENANT)).toMatchObject({ objectId: OBJECT_ID, roles: ['Bridge.Admin'] });
  });

  test('may have short claim names, and roles of the type that it says', () => {
    const claims: Claims = [
      ['oid', OBJECT_ID.toUpperCase()],
      ['tid', TENANT],
      ['my-role', 'Bridge.Read'],
    ];
    const read = readClientPrincipal(principal(claims, { role_typ: 'my-role' }), TENANT);
    expect(read).toEqual({ objectId: OBJECT_ID, roles: ['Bridge.Read'] });
  });

  test.for([
    ['of another tenant', principal(CLAIMS.map(([t, v]) => [t, v === TENANT ? OTHER_TENANT : v]))],
    ['of two tenants', principal([...CLAIMS, ['tid', OTHER_TENANT]])],
    ['of no tenant', principal(CLAIMS.filter(([, value]) => value !== TENANT))],
    ['with two names', principal([...CLAIMS, ['oid', 'bbbbbbbb-0000-4000-8000-000000000001']])],
    ['whose name is no object ID', principal([...CLAIMS, ['oid', 'somebody']])],
    ['of another provider', principal(CLAIMS, { auth_typ: 'github' })],
    ['without claims', btoa('{"auth_typ":"aad","role_typ":"roles"}')],
    ['that is no base64', `${principal()}*`],
    ['that is no JSON', btoa('{')],
    ['that is no object', btoa('null')],
    ['that is no UTF-8', btoa('\xff\xfe')],
    ['that is longer than a header', principal([...CLAIMS, ['roles', 'x'.repeat(100_000)]])],
    ['of nothing', ''],
  ])('%s is nobody', ([, header]) => {
    expect(readClientPrincipal(header ?? '', TENANT)).toBeUndefined();
  });
});

describe('F35 - the headers of App Service authentication', () => {
  const ask = async (settings: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) => {
    const events: string[] = [];
    const { authorize } = createAuthorizer(settingsSchema.parse(settings), {
      grants: createMemoryGrants(),
      now: () => 1_800_000_000_000,
      log: (event) => events.push(event),
    });
    const all: Readonly<Record<string, string>> = { 'x-ms-client-principal': principal(), ...headers };
    return { answer: await authorize({ get: (name) => all[name] ?? null }, { site: 'here' }), events };
  };
  const inFront = { WEBSITE_AUTH_ENABLED: 'True', MQTTBRIDGE_ENTRA_TENANT_ID: TENANT };
  const admin = { kind: 'caller', caller: { id: `entra:${OBJECT_ID}`, roles: new Set(['Bridge.Admin']) } };

  test('say who the caller is where the platform sets them', async () => {
    expect(await ask(inFront)).toEqual({ answer: admin, events: [] });
  });

  test('stand beside a token that only the platform can judge', async () => {
    expect((await ask(inFront, { authorization: 'Bearer a.b.c' })).answer).toEqual(admin);
  });

  test.for(['False', 'false', '1', 'yes', 'TrueFalse', ' True'])(
    'are ignored where WEBSITE_AUTH_ENABLED is "%s"',
    async (value) => {
      const settings = { WEBSITE_AUTH_ENABLED: value, MQTTBRIDGE_ADMIN_KEY_SHA256: hashSecret('key') };
      expect((await ask({ ...settings, MQTTBRIDGE_ENTRA_TENANT_ID: TENANT })).answer.kind).toBe('unauthenticated');
    },
  );

  test('are ignored where the platform is not in front', async () => {
    const settings = { MQTTBRIDGE_ENTRA_TENANT_ID: TENANT, MQTTBRIDGE_ENTRA_AUDIENCE: 'api://mqttbridge' };
    const headers = {
      'x-ms-client-principal-id': OBJECT_ID,
      'x-ms-client-principal-name': 'root',
      'x-ms-client-principal-idp': 'aad',
    };
    expect((await ask(settings, headers)).answer.kind).toBe('unauthenticated');
  });

  test('let nobody in where the tenant is not said, and the log tells why', async () => {
    const { answer, events } = await ask({ WEBSITE_AUTH_ENABLED: 'True' });
    expect(answer).toEqual({ kind: 'unconfigured' });
    expect(events).toEqual(['AuthenticationSettingIgnored', 'AuthenticationUnconfigured']);
  });

  test('do not help a key or token that is wrong', async () => {
    const settings = { ...inFront, MQTTBRIDGE_ENTRA_AUDIENCE: 'api://mqttbridge' };
    for (const credential of ['a.b.c', `mqb_here_a_${'x'.repeat(43)}`]) {
      const { answer } = await ask(settings, { authorization: `Bearer ${credential}` });
      expect(answer.kind).toBe('unauthenticated');
    }
  });
});
