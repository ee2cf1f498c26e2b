import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSite } from '../../../functions/http/write-site.ts';
import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import type { BridgeStore } from '../../../functions/store/store.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { change } from './samples.ts';

test('a site that is removed between its head and its documents is read as what it is then', async (t) => {
  const file = join(await createTempDir(t, 'store'), 'store.sqlite');
  const { bridges, ...others } = openSqliteStores({ file, now: Date.now });
  t.onTestFinished(() => others.close());
  await bridges.commit('hall-1', change(1, { 'line-1': { a: 1 } }), undefined);
  const removedBetween: BridgeStore = {
    ...bridges,
    async readDocuments(site, hashes) {
      await bridges.removeSite(site);
      return bridges.readDocuments(site, hashes);
    },
  };
  const state = await readSite(removedBetween, 'hall-1');
  expect(state.head).toBeUndefined();
  expect(state.resources.size).toBe(0);
});
