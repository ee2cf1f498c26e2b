import type { TokenCredential } from '@azure/core-auth';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import type { TableServiceClientOptions } from '@azure/data-tables';
import type { OperationObserver, StoreArea } from '../operation.ts';
import type { Stores } from '../store.ts';
import { createBridgeStore } from './bridges.ts';
import { createGrantStore } from './grants.ts';
import { createHealthStore } from './health.ts';
import { createReportStore } from './reports.ts';
import { createSessionStore } from './sessions.ts';
import { createSiteRegister } from './sites.ts';
import { createTable, type Table } from './table.ts';

/** Where the tables are, and as whom they are used. */
export type TableAccess =
  | { readonly endpoint: string; readonly credential: TokenCredential }
  | { readonly connectionString: string };

/** What the stores are given. */
export interface TableStoreOptions {
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  readonly observe?: OperationObserver;
  /** First part of the names of the tables: letters and digits. */
  readonly prefix?: string;
  /** Milliseconds for one operation with all its retries, 20,000 unless told. */
  readonly timeoutMs?: number;
  /** For the SDK: certificate authorities of a private endpoint, policies of tests. */
  readonly client?: Pick<TableServiceClientOptions, 'tlsOptions' | 'additionalPolicies' | 'retryOptions'>;
}

const NAMES: Readonly<Record<StoreArea, string>> = {
  sites: 'sites',
  bridges: 'definitions',
  reports: 'reports',
  health: 'health',
  events: 'events',
  sessions: 'sessions',
  grants: 'grants',
};

// A service that answers again within seconds costs no caller an error; who waits for longer has given up himself.
const TIMEOUT_MS = 20_000;
const RETRIES = { maxRetries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 2000 };

/** Opens the stores; nothing is sent before the first operation, which makes its table if it is not there. */
export async function openTableStores(access: TableAccess, options: TableStoreOptions): Promise<Stores> {
  const { now, observe = () => {}, prefix = 'mqttbridge', timeoutMs = TIMEOUT_MS, client = {} } = options;
  const { TableClient, odata } = await import('@azure/data-tables');
  function table(area: StoreArea): Table {
    const name = prefix + NAMES[area];
    const additionalPolicies = [
      ...(client.additionalPolicies ?? []),
      { policy: observing(area, observe), position: 'perRetry' as const },
    ];
    const all = { retryOptions: RETRIES, ...client, additionalPolicies, allowInsecureConnection: isLoopback(access) };
    const opened =
      'credential' in access
        ? new TableClient(access.endpoint, name, access.credential, all)
        : TableClient.fromConnectionString(access.connectionString, name, all);
    return createTable({ client: opened, odata, timeoutMs });
  }
  return {
    bridges: createBridgeStore({ table: table('bridges'), sites: createSiteRegister(table('sites')), now }),
    reports: createReportStore(table('reports')),
    health: createHealthStore(table('health'), table('events')),
    sessions: createSessionStore(table('sessions')),
    grants: createGrantStore(table('grants')),
    close: async () => {},
  };
}

/** Plain HTTP is for emulators on this machine only. */
function isLoopback(access: TableAccess): boolean {
  const text = 'credential' in access ? access.endpoint : access.connectionString;
  return /(?:^|=)http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[:/]/.test(text) || text === 'UseDevelopmentStorage=true';
}

function observing(area: StoreArea, observe: OperationObserver): PipelinePolicy {
  return {
    name: 'mqttbridgeObservePolicy',
    sendRequest: (request, next) => {
      observe({ area, kind: kindOf(request.method, new URL(request.url).pathname) });
      return next(request);
    },
  };
}

function kindOf(method: string, path: string) {
  if (method === 'GET') return path.endsWith('()') ? 'query' : 'read';
  if (method === 'DELETE') return 'delete';
  if (path.endsWith('/$batch')) return 'batch';
  return path.endsWith('/Tables') ? 'create-table' : 'write';
}
