import type { Caller } from '../auth/caller.ts';
import { permits } from '../auth/permits.ts';
import type { Operation } from './contract.ts';

/** Why a caller may not do something; undefined when it may. Looks at names only, so that it tells nothing of what exists. */
export function refusal(
  caller: Caller,
  { role, path }: Operation,
  params: Readonly<Record<string, string>>,
): string | undefined {
  if (permits(caller, role, params)) return undefined;
  return `this needs the role ${role} ${path.includes('{site}') ? 'at this site' : 'for all sites'}`;
}
