import type { Settings } from '../wiring/settings.ts';
import type { OperationObserver } from './operation.ts';
import { StoreError } from './store-error.ts';
import type { Stores } from './store.ts';
import type { TableAccess } from './tables/open-table-stores.ts';

/** The settings that say where the store is. */
export type StoreSettings = Pick<
  Settings,
  | 'MQTTBRIDGE_SQLITE_FILE'
  | 'MQTTBRIDGE_TABLES_ENDPOINT'
  | 'MQTTBRIDGE_TABLES_CONNECTION_STRING'
  | 'AzureWebJobsStorage'
  | 'AzureWebJobsStorage__accountName'
  | 'AzureWebJobsStorage__tableServiceUri'
  | 'AzureWebJobsStorage__clientId'
  | 'AZURE_CLIENT_ID'
>;

/** Where the store is: the first that is set of file, endpoint, connection string, and the app's own storage account. */
export type StorePlace =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'identity'; readonly endpoint: string; readonly clientId: string | undefined }
  | { readonly kind: 'connection-string'; readonly connectionString: string }
  | { readonly kind: 'none' };

/** Chooses the place of the store by the settings. */
export function placeOf(settings: StoreSettings): StorePlace {
  const own = placeOfOurs(settings);
  if (own) return own;
  const { AzureWebJobsStorage: connectionString, AzureWebJobsStorage__accountName: account } = settings;
  const ofAccount = account === undefined ? undefined : `https://${account}.table.core.windows.net`;
  const endpoint = settings.AzureWebJobsStorage__tableServiceUri ?? ofAccount;
  const clientId = settings.AzureWebJobsStorage__clientId ?? settings.AZURE_CLIENT_ID;
  if (endpoint !== undefined) return { kind: 'identity', endpoint, clientId };
  return connectionString === undefined ? { kind: 'none' } : { kind: 'connection-string', connectionString };
}

function placeOfOurs(settings: StoreSettings): StorePlace | undefined {
  const {
    MQTTBRIDGE_SQLITE_FILE: file,
    MQTTBRIDGE_TABLES_ENDPOINT: endpoint,
    MQTTBRIDGE_TABLES_CONNECTION_STRING: connectionString,
  } = settings;
  if (file !== undefined) return { kind: 'sqlite', file };
  if (endpoint !== undefined) return { kind: 'identity', endpoint, clientId: settings.AZURE_CLIENT_ID };
  return connectionString === undefined ? undefined : { kind: 'connection-string', connectionString };
}

/**
 * Opens the store that the settings name; throws StoreError for a file that cannot be used. Where they name none, every
 * operation throws `unavailable`, so that the app still lives to say so.
 */
export async function openStores(
  settings: StoreSettings,
  options: { readonly now: () => number; readonly observe?: OperationObserver },
): Promise<Stores> {
  const place = placeOf(settings);
  switch (place.kind) {
    case 'sqlite': {
      const { openSqliteStores } = await import('./sqlite/open-sqlite-stores.ts');
      return openSqliteStores({ file: place.file, ...options });
    }
    case 'identity':
    case 'connection-string': {
      const { openTableStores } = await import('./tables/open-table-stores.ts');
      return openTableStores(await accessOf(place), options);
    }
    case 'none':
      return absentStores();
  }
}

async function accessOf(place: Exclude<StorePlace, { kind: 'sqlite' | 'none' }>): Promise<TableAccess> {
  if (place.kind === 'connection-string') return { connectionString: place.connectionString };
  const { DefaultAzureCredential } = await import('@azure/identity');
  const { endpoint, clientId } = place;
  const identity = clientId === undefined ? {} : { managedIdentityClientId: clientId };
  return { endpoint, credential: new DefaultAzureCredential(identity) };
}

function absentStores(): Stores {
  const refuse = async (): Promise<never> => {
    throw new StoreError(
      'unavailable',
      'no store is configured: set MQTTBRIDGE_TABLES_ENDPOINT, MQTTBRIDGE_TABLES_CONNECTION_STRING or MQTTBRIDGE_SQLITE_FILE',
    );
  };
  const register = { register: refuse, isRegistered: refuse, listSites: refuse };
  const definitions = { readHead: refuse, readDesired: refuse, readDocuments: refuse, commit: refuse };
  const state = { read: refuse, write: refuse };
  const events = { addEvents: refuse, listEvents: refuse, pruneEvents: refuse };
  const removal = { removeSite: refuse };
  return {
    bridges: { ...definitions, ...register, ...removal, collectGarbage: refuse },
    reports: { put: refuse, list: refuse, remove: refuse, ...removal },
    health: { ...state, ...events, ...removal },
    sessions: state,
    grants: { read: refuse, list: refuse, create: refuse, remove: refuse, ...removal },
    close: async () => {},
  };
}
