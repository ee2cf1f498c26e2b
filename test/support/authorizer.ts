import { hashSecret, newSecret } from '../../functions/auth/api-key.ts';
import { createAuthorizer } from '../../functions/auth/authorizer.ts';
import type { Grant } from '../../functions/store/store.ts';
import { settingsSchema } from '../../functions/wiring/settings.ts';
import { OBJECT_ID, startEntraTenant } from './entra-tenant.ts';
import { createMemoryGrants } from './memory-grants.ts';
import type { Scope } from './scope.ts';

const CREATED = '2027-01-15T08:00:00Z';
/** The key of the administrator. */
export const adminKey = newSecret();
/** The secret of all keys of sites. */
export const siteSecret = newSecret();

/** A grant of a key. */
export const keyGrant = (id: string, rest: Partial<Grant> = {}): Grant => ({
  id,
  principal: { kind: 'key', sha256: hashSecret(siteSecret) },
  role: 'Bridge.Agent',
  createdAt: CREATED,
  ...rest,
});

/** A grant of the principal of tokens. */
export const entraGrant = (rest: Partial<Grant> = {}): Grant => ({
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

/** Authentication with a tenant, a key of the administrator and grants in memory. */
export async function setUpAuthorizer(scope: Scope, { grants = {}, settings = {} }: Setup = {}) {
  const clock = { ms: 1_800_000_000_000 };
  const logged: unknown[] = [];
  const entra = await startEntraTenant(scope, () => clock.ms);
  const store = createMemoryGrants(grants);
  const { authorize, grants: watched } = createAuthorizer(
    settingsSchema.parse({
      ...entra.settings,
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
