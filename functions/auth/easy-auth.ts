import { z } from 'zod';
import type { Principal } from './entra-token.ts';

const SCHEMAS = 'http://schemas.microsoft.com';
const OBJECT_ID = ['oid', `${SCHEMAS}/identity/claims/objectidentifier`];
const TENANT_ID = ['tid', `${SCHEMAS}/identity/claims/tenantid`];
const LONGEST = 64 * 1024;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const principalSchema = z.object({
  auth_typ: z.literal('aad'),
  role_typ: z.string().min(1),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })),
});
const guid = z.guid().toLowerCase();

/**
 * Reads `X-MS-CLIENT-PRINCIPAL` of App Service authentication: a principal of the tenant in Microsoft Entra, or undefined
 * for everything else. Only to be called where the platform sets that header and takes it away from requests.
 */
export function readClientPrincipal(header: string, tenant: string): Principal | undefined {
  const parsed = principalSchema.safeParse(decode(header));
  if (!parsed.success) return undefined;
  const { claims, role_typ: roleType } = parsed.data;
  const valuesOf = (types: readonly string[]) => claims.filter(({ typ }) => types.includes(typ)).map(({ val }) => val);
  const objectId = onlyGuid(valuesOf(OBJECT_ID));
  if (objectId === undefined || onlyGuid(valuesOf(TENANT_ID)) !== tenant) return undefined;
  return { objectId, roles: valuesOf([roleType, 'roles']) };
}

function decode(header: string): unknown {
  if (header.length > LONGEST || !BASE64.test(header)) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(header, 'base64')));
  } catch {
    return undefined;
  }
}

/** A principal with two names has none. */
function onlyGuid(values: readonly string[]): string | undefined {
  const guids = new Set(values.map((value) => guid.safeParse(value).data));
  const [first] = guids;
  return guids.size === 1 ? first : undefined;
}
