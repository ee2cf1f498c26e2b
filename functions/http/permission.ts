import type { Caller } from '../auth/caller.ts';
import type { Operation, Role } from './contract.ts';

/** Roles that may do what is open to a role. Administrators do not report: a report is a statement of an agent. */
const MAY: Readonly<Record<Role, readonly Role[]>> = {
  'Bridge.Read': ['Bridge.Read', 'Bridge.Write', 'Bridge.Admin'],
  'Bridge.Write': ['Bridge.Write', 'Bridge.Admin'],
  'Bridge.Agent': ['Bridge.Agent'],
  'Bridge.Admin': ['Bridge.Admin'],
};

/** Why a caller may not do something; undefined when it may. Looks at names only, so that it tells nothing of what exists. */
export function refusal(
  caller: Caller,
  { role, path }: Operation,
  params: Readonly<Record<string, string>>,
): string | undefined {
  if (role === 'public' || role === 'liveness') return undefined;
  if (!MAY[role].some((one) => caller.roles.has(one))) return `this needs the role ${MAY[role].join(' or ')}`;
  if (caller.site !== undefined && path.includes('{site}') && params.site !== caller.site) {
    return 'the caller may act for another site only';
  }
  // Operations without a connector in their path concern all connectors of a site.
  if (caller.connector !== undefined && params.connector !== caller.connector) {
    return 'the caller may act for another connector only';
  }
  return undefined;
}
