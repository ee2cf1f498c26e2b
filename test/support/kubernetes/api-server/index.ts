import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { parse, stringify } from 'yaml';
import { createAuthority } from '../../certificates.ts';
import type { Scope } from '../../scope.ts';
import { act, type ActionContext } from './actions.ts';
import { discoveryAt } from './discovery.ts';
import { checkEscalation } from './escalation.ts';
import { createFailures, type Failures } from './failures.ts';
import { resourceOf } from './kinds.ts';
import { isAllowed, type User, userName } from './rbac.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import { type ResourceRequest, resourceRequest } from './request.ts';
import { ApiFault, badRequest, statusOf } from './status.ts';
import { createStore, type Store } from './store.ts';
import { issueToken } from './tokens.ts';
import { listenOnLoopback } from '../../listen.ts';
import { openWatch, type Watch, type WatchOptions } from './watch.ts';

/** How the server behaves; all of it may be left out. */
export interface ApiServerOptions extends Partial<WatchOptions> {
  /** Wall clock, for time stamps. */
  readonly now?: () => Date;
}

/** An API server that keeps its objects in memory. */
export interface ApiServer extends Failures {
  /** `https://127.0.0.1:port`. */
  readonly url: string;
  /** PEM of the authority that vouches for it. */
  readonly ca: string;
  /** Of an administrator, who may do everything. */
  readonly token: string;
  /** Makes a token for a service account, which may do what roles that are bound to it say. */
  readonly tokenFor: (namespace: string, account: string) => string;
  /** YAML for a token, the administrator's unless told. */
  readonly kubeconfig: (token?: string) => string;
  readonly store: Store;
  readonly log: RequestLog;
  /** Watches that are open, of one resource (plural name) or all. */
  readonly watches: (resource?: string) => readonly Watch[];
}

interface Running {
  readonly context: ActionContext;
  readonly users: Map<string, User>;
  readonly watches: Set<Watch>;
  readonly failures: ReturnType<typeof createFailures>;
  readonly log: RequestLog;
  readonly options: WatchOptions;
}

/** Starts an API server on TLS that ends with the scope. */
export async function startApiServer(scope: Scope, options: ApiServerOptions = {}): Promise<ApiServer> {
  const { now = () => new Date(), goneAs = 'event', bookmarkMs = 60_000 } = options;
  const authority = await createAuthority('Kubernetes of a test');
  const { chain, key } = await authority.issue({ purpose: 'server' });
  const token = randomUUID();
  const users = new Map<string, User>([[token, { kind: 'admin' }]]);
  const store = createStore();
  const running: Running = {
    context: { store, now, createUid: randomUUID },
    users,
    watches: new Set(),
    failures: createFailures(),
    log: createRequestLog(),
    options: { goneAs, bookmarkMs },
  };
  const server = createServer({ cert: chain, key }, (request, response) => void answer(running, request, response));
  const port = await listenOnLoopback(scope, server);
  const url = `https://127.0.0.1:${port}`;
  const ca = authority.certificate;
  return {
    url,
    ca,
    token,
    store,
    log: running.log,
    failNext: running.failures.failNext,
    tokenFor(namespace, name) {
      const made = randomUUID();
      users.set(made, { kind: 'account', namespace, name });
      return made;
    },
    kubeconfig: (of = token) => kubeconfig(url, ca, of),
    watches: (resource) =>
      [...running.watches].filter((watch) => resource === undefined || watch.resource === resource),
  };
}

function kubeconfig(server: string, ca: string, token: string): string {
  const cluster = { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
  });
}

async function answer(running: Running, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await handle(running, request, response);
  } catch (error) {
    const fault = error instanceof ApiFault ? error : new ApiFault(500, 'InternalError', String(error));
    const after = fault.details?.retryAfterSeconds;
    reply(response, fault.code, statusOf(fault), after === undefined ? {} : { 'retry-after': String(after) });
  }
}

function reply(response: ServerResponse, code: number, body: object, headers: Record<string, string> = {}): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function handle(running: Running, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://127.0.0.1');
  const body = await bodyOf(request);
  const user = running.users.get((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  if (user === undefined) throw new ApiFault(401, 'Unauthorized', 'Unauthorized');
  const known = request.method === 'GET' ? discoveryAt(url.pathname) : undefined;
  if (known) return reply(response, 200, known);
  const read = resourceRequest(request.method ?? '', url);
  if (read === undefined) throw new ApiFault(404, 'NotFound', 'the server could not find the requested resource');
  const { 'content-type': contentType = 'application/json', 'user-agent': client = 'unknown' } = request.headers;
  const asked = { ...read, body: parsed(body), contentType, client: client.split('/')[0] };
  response.once('close', running.log.record(asked, userName(user), response));
  authorize(running.context.store, user, asked);
  running.failures.check(asked);
  if (asked.subresource === 'token')
    return reply(response, 201, issueToken({ ...running.context, users: running.users }, asked));
  if (asked.verb === 'watch') return watch(running, asked, response);
  const { code, body: result } = act(running.context, asked);
  reply(response, code, result);
}

function watch(running: Running, request: ResourceRequest, response: ServerResponse): void {
  const { watches, options, context } = running;
  const opened = openWatch(context.store, request, { response, options, closed: () => watches.delete(opened) });
  watches.add(opened);
}

function authorize(store: Store, user: User, request: ResourceRequest): void {
  const { kind, verb, name, namespace, query, subresource } = request;
  const applies = verb === 'patch' && request.contentType.startsWith('application/apply-patch');
  const creates =
    applies &&
    subresource === undefined &&
    store.get(kind, namespace, name ?? '') === undefined &&
    query.has('fieldManager');
  const needed = creates ? [verb, 'create' as const] : [verb];
  const denied = needed.find((each) => !isAllowed(store, user, { ...request, verb: each }));
  if (denied === undefined) return checkEscalation(store, user, request);
  const path = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const what = name === undefined ? resourceOf(kind) : `${resourceOf(kind)} "${name}"`;
  const message = `${what} is forbidden: User "${userName(user)}" cannot ${denied} resource "${path}" in API group "${kind.group}" ${where}`;
  throw new ApiFault(403, 'Forbidden', message, { name: name ?? '', group: kind.group, kind: kind.plural });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** An apply may be YAML, of which JSON is a part. */
function parsed(text: string): ResourceRequest['body'] {
  if (text === '') return undefined;
  try {
    return (text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : parse(text)) as ResourceRequest['body'];
  } catch (error) {
    throw badRequest(`the body of the request could not be read: ${String(error)}`);
  }
}
