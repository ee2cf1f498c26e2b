import type { Operation } from '../http/contract.ts';
import type { Caller, Role } from './caller.ts';

/** Which operations each role covers: Admin everything but reporting, since a report can be true of an agent only. */
const COVERS: Readonly<Record<Role, readonly Role[]>> = {
  'Bridge.Read': ['Bridge.Read'],
  'Bridge.Write': ['Bridge.Read', 'Bridge.Write'],
  'Bridge.Agent': ['Bridge.Agent'],
  'Bridge.Admin': ['Bridge.Read', 'Bridge.Write', 'Bridge.Admin'],
};

interface Scoped {
  readonly role: Role;
  readonly site?: string | undefined;
  readonly connector?: string | undefined;
}

/**
 * Whether a caller may do what needs `needed`, with the path parameters of the request. Who is confined to a site or
 * connector may do only what names it: not, for example, list the sites.
 */
export function permits(
  caller: Caller,
  needed: Operation['role'],
  params: Readonly<Record<string, string | undefined>>,
): boolean {
  if (needed === 'public' || needed === 'liveness') return true;
  return scopesOf(caller).some((scoped) => COVERS[scoped.role].includes(needed) && holds(scoped, params));
}

function scopesOf({ roles, site, connector, grants = [] }: Caller): readonly Scoped[] {
  return [...Array.from(roles, (role) => ({ role, site, connector })), ...grants];
}

function holds({ site, connector }: Scoped, params: Readonly<Record<string, string | undefined>>): boolean {
  return (site === undefined || params.site === site) && (connector === undefined || params.connector === connector);
}
