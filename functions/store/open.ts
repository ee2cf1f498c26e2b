import type { Settings } from '../wiring/settings.ts';
import { openSqliteStores } from './sqlite/open-sqlite-stores.ts';
import { StoreError } from './store-error.ts';
import type { Stores } from './store.ts';

/** Opens the stores that the settings ask for; throws StoreError. */
export async function openStores(settings: Settings, { now }: { readonly now: () => number }): Promise<Stores> {
  const file = settings.MQTTBRIDGE_SQLITE_FILE;
  if (file === undefined) throw new StoreError('unavailable', 'no store is configured');
  return openSqliteStores({ file, now });
}
