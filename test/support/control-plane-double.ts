import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ConnectorHealth, HealthEvent, SiteHealth } from '../../shared/api/health.ts';
import type { Collection } from '../../shared/api/names.ts';
import type { Scope } from './scope.ts';
import { createSiteDouble, LONG_AGO, problem, type SiteDouble, unknownConnector } from './site-double.ts';

/** A control plane of one site that a test looks into and interferes with; answers as shared/api says. */
export interface ControlPlaneDouble {
  readonly key: string;
  readonly site: string;
  /** `METHOD PATH?QUERY` below /api/, in order of arrival. */
  readonly requests: string[];
  health: SiteHealth;
  readonly connectorHealth: Map<string, ConnectorHealth>;
  /** Newest first. */
  readonly events: HealthEvent[];
  /** Answers a request instead of the double, unless it returns undefined. */
  intercept: ((request: Request) => Response | Promise<Response> | undefined) | undefined;
  readonly fetch: typeof fetch;
  /** Listens on a port of this machine; resolves to its URL. */
  listen(scope: Scope): Promise<string>;
}

/** An empty site `plant`. */
export function createControlPlaneDouble(): ControlPlaneDouble {
  const site = 'plant';
  const definitions = createSiteDouble();
  const judged = { verdict: 'Unknown', since: LONG_AGO, reasons: [] } as const;
  const double: ControlPlaneDouble = {
    key: `key-${crypto.randomUUID()}`,
    site,
    requests: [],
    health: { apiVersion: 'mqttbridge/v1', kind: 'SiteHealth', site, ...judged, reasons: [], connectors: [] },
    connectorHealth: new Map(),
    events: [],
    intercept: undefined,
    fetch: async (input, init) => answer(new Request(input, init)),
    listen: (scope) => listen(answer, scope),
  };

  async function answer(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const path = pathname.replace(/^.*?\/api\//, '');
    double.requests.push(`${request.method} ${path}${search}`);
    const other = double.intercept?.(request);
    if (other !== undefined) return other;
    if (request.headers.get('authorization') !== `Bearer ${double.key}`) return problem(401, 'Credentials are needed');
    if (path === 'sites') return json({ apiVersion: V1, kind: 'SiteList', items: [{ name: site }] });
    const [sites, name, ...steps] = path.split('/');
    if (sites !== 'sites' || name !== site) return problem(404, 'There is no such thing', 'there is no such site');
    return withEtag(request, await siteAnswer(request, steps, { double, definitions }));
  }

  return double;
}

interface Parts {
  readonly double: ControlPlaneDouble;
  readonly definitions: SiteDouble;
}

async function siteAnswer(
  request: Request,
  steps: readonly string[],
  { double, definitions }: Parts,
): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const [first, name, view] = steps;
  if (first === 'apply') return definitions.apply(await request.text(), searchParams.get('dryRun') === 'true');
  if (first === 'diff') return definitions.diff(await request.text());
  if (first === 'health') return json(double.health);
  if (first === 'events') return json(eventsOf(double.events, searchParams));
  const collection = first as Collection;
  if (name === undefined) return definitions.list(collection);
  if (request.method === 'DELETE') {
    if (request.headers.get('if-match') !== '*') return problem(428, 'A change needs If-Match');
    return definitions.remove(collection, name, searchParams.get('cascade') === 'true');
  }
  if (view !== 'health' || !definitions.has(collection, name)) return definitions.get(collection, name);
  return json(double.connectorHealth.get(name) ?? unknownConnector(double.site, name));
}

const V1 = 'mqttbridge/v1';

function json(value: unknown): Response {
  return Response.json(value, { headers: { 'content-type': 'application/json; charset=utf-8' } });
}

function eventsOf(events: readonly HealthEvent[], query: URLSearchParams) {
  const connector = query.get('connector');
  const since = Date.parse(query.get('since') ?? LONG_AGO);
  const wanted = events.filter((event) => connector === null || event.connector === connector);
  const start = Number(query.get('continue') ?? 0);
  const end = start + Number(query.get('limit') ?? 100);
  const found = wanted.filter(({ at }) => Date.parse(at) >= since);
  const next = end < found.length ? { continue: String(end) } : {};
  return { apiVersion: V1, kind: 'EventList', items: found.slice(start, end), ...next };
}

/** 304 for whoever has it already. */
async function withEtag(request: Request, response: Response): Promise<Response> {
  if (request.method !== 'GET' || !response.ok) return response;
  const text = await response.text();
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(text));
  const headers = { 'content-type': 'application/json', etag: `"${Buffer.from(digest).toString('hex').slice(0, 12)}"` };
  if (request.headers.get('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
  return new Response(text, { status: response.status, headers });
}

async function listen(answer: (request: Request) => Promise<Response>, scope: Scope): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : undefined));
  });
  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { method = 'GET', url = '/', headers } = incoming;
    const init = { method, headers: headers as Record<string, string>, ...(body.length > 0 ? { body } : {}) };
    const response = await answer(new Request(`http://127.0.0.1${url}`, init));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
