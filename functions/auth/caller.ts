import type { Role } from '../http/contract.ts';

/** Who sent a request, once that is proved. */
export interface Caller {
  /** Stable name for limits and logs: `entra:OBJECT_ID`, `key:ID`. Never a secret. */
  readonly id: string;
  readonly roles: ReadonlySet<Role>;
  /** Sites it may act for; absent: all. */
  readonly site?: string;
  /** Connector it may act for; absent: all of the site. */
  readonly connector?: string;
}
