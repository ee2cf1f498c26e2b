import { z } from 'zod';
import {
  type ConnectorHealth,
  connectorHealthSchema,
  type EventList,
  eventListSchema,
  type HealthEvent,
  type SiteHealth,
  siteHealthSchema,
} from '../../shared/api/health.ts';
import {
  type CreatedKey,
  createdKeySchema,
  type GrantView,
  grantListSchema,
  type NewKey,
} from '../../shared/api/grants.ts';
import type { Collection } from '../../shared/api/names.ts';
import {
  type ApplyResult,
  applyResultSchema,
  type DiffResult,
  diffResultSchema,
  type ExplainResult,
  explainResultSchema,
  type ResourceList,
  resourceListSchema,
  siteListSchema,
} from '../../shared/api/resources.ts';
import type { SentDocuments } from './documents.ts';
import { createRequester, type Requester, type RequesterOptions } from './requester.ts';

/** A resource as it was sent. */
export type Resource = Readonly<Record<string, unknown>>;

/** A resource in a list. */
export type ListedResource = ResourceList['items'][number];

/** Which events. */
export interface EventFilter {
  readonly connector?: string | undefined;
  /** RFC 3339, UTC. */
  readonly since?: string | undefined;
  /** At most so many of the newest. */
  readonly limit: number;
}

/** A topic, and whose routes it is asked of. */
export interface TopicQuestion {
  readonly topic: string;
  readonly direction?: string;
  readonly connector?: string;
}

/** What commands ask of a control plane about one site; everything rejects with ControlPlaneError. */
export interface ControlPlaneClient {
  readonly site: string;
  listSites(): Promise<readonly string[]>;
  list(collection: Collection): Promise<readonly ListedResource[]>;
  get(collection: Collection, name: string): Promise<Resource>;
  apply(sent: SentDocuments, options: { readonly dryRun: boolean }): Promise<ApplyResult>;
  diff(sent: SentDocuments): Promise<DiffResult>;
  explain(question: TopicQuestion): Promise<ExplainResult>;
  /** With `cascade` also the topic maps that refer to a connector. */
  remove(collection: Collection, name: string, options: { readonly cascade: boolean }): Promise<void>;
  siteHealth(): Promise<SiteHealth>;
  connectorHealth(name: string): Promise<ConnectorHealth>;
  listGrants(): Promise<readonly GrantView[]>;
  /** The answer has the key, which cannot be asked for again. */
  createKey(wanted: NewKey): Promise<CreatedKey>;
  removeGrant(id: string): Promise<void>;
  /** Newest first. */
  events(filter: EventFilter): Promise<readonly HealthEvent[]>;
}

/** What a client needs. */
export interface ClientOptions extends RequesterOptions {
  readonly site: string;
}

const PAGE_SIZE = 500;

/** A client of one site; it connects when it is first asked something. */
export function createControlPlaneClient({ site, ...options }: ClientOptions): ControlPlaneClient {
  const request = createRequester(options);
  const at = (...steps: readonly string[]) => ['sites', site, ...steps].map(encodeURIComponent).join('/');
  return {
    site,
    listSites: async () => (await allPages(request, 'sites', siteListSchema)).map(({ name }) => name),
    list: (collection) => allPages(request, at(collection), resourceListSchema),
    get: (collection, name) => request({ method: 'GET', path: at(collection, name), schema: resourceSchema }),
    apply: (sent, { dryRun }) =>
      request({
        method: 'POST',
        path: at('apply'),
        query: { dryRun: dryRun ? 'true' : undefined },
        sent,
        schema: applyResultSchema,
      }),
    diff: (sent) => request({ method: 'POST', path: at('diff'), sent, schema: diffResultSchema }),
    explain: ({ topic, direction, connector }) =>
      request({
        method: 'GET',
        path: at('explain'),
        query: { topic, direction, connector },
        schema: explainResultSchema,
      }),
    async remove(collection, name, { cascade }) {
      await request({
        method: 'DELETE',
        path: at(collection, name),
        query: { cascade: cascade ? 'true' : undefined },
        headers: { 'if-match': '*' },
        schema: z.unknown(),
      });
    },
    listGrants: async () => (await request({ method: 'GET', path: at('grants'), schema: grantListSchema })).items,
    createKey: (wanted) => request({ method: 'POST', path: at('grants'), json: wanted, schema: createdKeySchema }),
    async removeGrant(id) {
      await request({ method: 'DELETE', path: at('grants', id), schema: z.unknown() });
    },
    siteHealth: () => request({ method: 'GET', path: at('health'), schema: siteHealthSchema }),
    connectorHealth: (name) =>
      request({ method: 'GET', path: at('connectors', name, 'health'), schema: connectorHealthSchema }),
    events: (filter) => newestEvents(request, at('events'), filter),
  };
}

const resourceSchema = z.record(z.string(), z.unknown());

async function allPages<T>(
  request: Requester,
  path: string,
  schema: z.ZodType<{ items: T[]; continue?: string | undefined }>,
): Promise<readonly T[]> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const page = await request({ method: 'GET', path, query: { limit: String(PAGE_SIZE), continue: next }, schema });
    items.push(...page.items);
    next = page.continue;
  } while (next !== undefined);
  return items;
}

async function newestEvents(
  request: Requester,
  path: string,
  { connector, since, limit }: EventFilter,
): Promise<readonly HealthEvent[]> {
  const found: HealthEvent[] = [];
  let next: string | undefined;
  do {
    const size = Math.min(limit - found.length, PAGE_SIZE);
    const query = { connector, since, limit: String(size), continue: next };
    const page: EventList = await request({ method: 'GET', path, query, schema: eventListSchema });
    found.push(...page.items);
    next = page.continue;
  } while (next !== undefined && found.length < limit);
  return found;
}
