/** Roles, from weak to strong; who has Write may read, who has Admin may do everything but report. */
export type Role = 'Bridge.Read' | 'Bridge.Write' | 'Bridge.Agent' | 'Bridge.Admin';

/** A role at one site; of an agent, at one connector of it if that is named. */
export interface SiteRole {
  readonly role: Role;
  readonly site: string;
  readonly connector?: string;
}

/** Who sent a request, once that is proved. */
export interface Caller {
  /** Stable name for limits and logs: `entra:OBJECT_ID`, `key:admin`, `key:SITE/ID`. Never a secret. */
  readonly id: string;
  readonly roles: ReadonlySet<Role>;
  /** Sites where `roles` hold; absent: all. */
  readonly site?: string;
  /** Connector for which `roles` hold; absent: all of the site. */
  readonly connector?: string;
  /** What grants of the site add to `roles`. */
  readonly grants?: readonly SiteRole[];
}
