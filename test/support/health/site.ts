import { join } from 'node:path';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import type { Stores } from '../../../functions/store/store.ts';
import type { AgentReport } from '../../../shared/api/report.ts';
import type { Scope } from '../scope.ts';
import { createTempDir } from '../temp-dir.ts';
import { receivedOf, reportOf, START } from './reports.ts';

/** A site in a store of its own, with a clock that stands still. */
export interface TestSite {
  readonly site: string;
  readonly stores: Stores;
  /** Milliseconds since 1970; set it to let time pass. */
  time: number;
  readonly now: () => number;
  /** Defines connectors: name to number of instances; those left out are no more. */
  define(instances: Readonly<Record<string, number>>, revision?: string): Promise<void>;
  /** A report that is received now; it counts on from the last one. */
  report(
    report?: Partial<AgentReport>,
    of?: { readonly connector?: string; readonly instance?: string },
  ): Promise<void>;
}

/** Makes an empty site. */
export async function createTestSite(scope: Scope, now?: () => number): Promise<TestSite> {
  const file = join(await createTempDir(scope, 'health'), 'store.sqlite');
  const clock = now ?? (() => made.time);
  const stores = openSqliteStores({ file, now: clock });
  scope.onTestFinished(() => stores.close());
  const site = 'plant';
  let sequence = 0;
  const made: TestSite = {
    site,
    stores,
    time: START,
    now: clock,
    async define(instances, revision = 'r1') {
      const head = await stores.bridges.readHead(site);
      const desired = Object.fromEntries(
        Object.entries(instances).map(([name, count]) => [name, { revision, instances: count }]),
      );
      const change = { generation: (head?.generation ?? 0) + 1, entries: [], desired, documents: new Map() };
      await stores.bridges.register(site);
      await stores.bridges.commit(site, change, head?.tag);
    },
    async report(report = {}, of = {}) {
      sequence++;
      await stores.bridges.register(site);
      await stores.reports.put(site, receivedOf(clock(), reportOf({ ...report, sequence }), of));
    },
  };
  return made;
}

/** Event types of a connector's time line, oldest first, with what they lead to. */
export async function timelineOf({ stores, site }: TestSite): Promise<string[]> {
  const { items } = await stores.health.listEvents(site, { limit: 500 });
  return items.toReversed().map(({ type, to }) => (to === undefined ? type : `${type} ${to}`));
}
