import { openSqliteStores } from '../../../functions/store/sqlite/open-sqlite-stores.ts';
import { change } from './samples.ts';

// A process that commits to the site `hall-1` of a file, one generation after the other, and says each on its output once
// it is committed: `node sqlite-writer.ts FILE LAST NAME`. It ends after generation LAST.
const [file = '', last = '0', name = ''] = process.argv.slice(2);
const stores = openSqliteStores({ file, now: Date.now });

for (;;) {
  const head = await stores.bridges.readHead('hall-1');
  const generation = (head?.generation ?? 0) + 1;
  if (generation > Number(last)) break;
  // Each generation has documents that no other one has, so that halves of two would show.
  const documents = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`line-${n}`, { generation, by: name, n }]));
  const { kind } = await stores.bridges.commit('hall-1', change(generation, documents), head?.tag);
  if (kind === 'committed') process.stdout.write(`${generation}\n`);
}
await stores.close();
