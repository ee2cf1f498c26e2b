import type { GrantView } from '../../shared/api/grants.ts';
import { age } from './age.ts';
import type { Table } from './table.ts';

/** Who may do what at a site. */
export function grantsTable(grants: readonly GrantView[], now: Date): Table {
  const rows = grants.map(({ id, principal, role, connector, createdAt }) => {
    const who = principal.kind === 'key' ? 'key' : `entra ${principal.objectId}`;
    return [id, who, role, connector ?? '-', age(createdAt, now)];
  });
  return { header: ['NAME', 'PRINCIPAL', 'ROLE', 'CONNECTOR', 'AGE'], rows };
}
