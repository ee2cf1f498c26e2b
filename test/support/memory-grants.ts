import type { Grant, GrantStore } from '../../functions/store/store.ts';

/** Grants in memory, with a count of what was asked of them. */
export interface MemoryGrants extends GrantStore {
  /** How many operations there were so far. */
  readonly operations: () => number;
  /** Every operation rejects while this is so. */
  setBroken(broken: boolean): void;
}

/** A store of grants that forgets. */
export function createMemoryGrants(initial: Readonly<Record<string, readonly Grant[]>> = {}): MemoryGrants {
  const sites = new Map(Object.entries(initial).map(([site, grants]) => [site, [...grants]]));
  let operations = 0;
  let broken = false;
  async function grantsOf(site: string): Promise<Grant[]> {
    operations++;
    if (broken) throw new Error('the store is away');
    return sites.get(site) ?? [];
  }
  return {
    read: async (site, id) => (await grantsOf(site)).find((grant) => grant.id === id),
    list: async (site) => [...(await grantsOf(site))],
    async create(site, grant) {
      const grants = await grantsOf(site);
      if (grants.some(({ id }) => id === grant.id)) return false;
      sites.set(site, [...grants, grant]);
      return true;
    },
    async remove(site, id) {
      const grants = await grantsOf(site);
      sites.set(
        site,
        grants.filter((grant) => grant.id !== id),
      );
      return grants.some((grant) => grant.id === id);
    },
    async removeSite(site) {
      await grantsOf(site);
      sites.delete(site);
    },
    operations: () => operations,
    setBroken(next) {
      broken = next;
    },
  };
}
