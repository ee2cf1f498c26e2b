import type { IncomingMessage } from 'node:http';
import type { LoadedApp } from '../app/app.ts';
import { type HostedFunction, triggeredBy } from '../app/functions.ts';
import type { Invocation } from '../app/invoke.ts';
import { createKeyRing, type KeyRing } from './keys.ts';
import type { HostSecrets } from '../secrets.ts';
import { type BodyBudget, readBody, readHeaders, readTarget, type RequestTarget } from './request.ts';
import { type Answer, answerOf } from './respond.ts';
import { createRouteTable, type RouteMatch, type RouteTable } from './route-table.ts';

/** A request to the host itself, with its body. */
export interface SystemRequest {
  readonly message: IncomingMessage;
  readonly target: RequestTarget;
  readonly body: Buffer;
}

/** Something the host itself answers below one path, once the request has shown the key of that door. */
export interface SystemEndpoint {
  /** The path itself and everything below it. */
  readonly path: string;
  /** Which key opens it; none: anybody. */
  readonly door?: keyof HostSecrets;
  answer(request: SystemRequest): Answer | Promise<Answer>;
}

/** What the front is made of. */
export interface FrontOptions {
  readonly app: LoadedApp;
  readonly routePrefix: string;
  readonly secrets: HostSecrets;
  readonly endpoints: readonly SystemEndpoint[];
  readonly budget: BodyBudget;
  /** Values of a function's inputs besides the trigger. */
  readonly extraInputs: (target: HostedFunction) => Invocation['inputs'];
  /** Told of a function that failed; the client learns nothing but 500. */
  readonly failed: (name: string, error: unknown) => void;
}

/** Answers requests: first the host's own paths, then the routes of the app. */
export type Front = (message: IncomingMessage) => Promise<Answer>;

interface Parts extends FrontOptions {
  readonly routes: RouteTable;
  readonly keys: KeyRing;
}

/** Makes the front; throws for a route that this host cannot follow. */
export function createFront(options: FrontOptions): Front {
  const routes = createRouteTable(options.routePrefix, triggeredBy(options.app.functions, 'http'));
  const parts: Parts = { ...options, routes, keys: createKeyRing(options.secrets) };
  return (message) => answer(parts, message);
}

async function answer(parts: Parts, message: IncomingMessage): Promise<Answer> {
  const target = readTarget(message);
  if (target === undefined) return { status: 400 };
  const path = target.path.toLowerCase();
  const endpoint = parts.endpoints.find((one) => path === one.path || path.startsWith(`${one.path}/`));
  if (endpoint !== undefined) return answerItself(parts, endpoint, message, target);
  const match = matchOf(parts.routes, message, target);
  if (match === 'badEncoding') return { status: 400 };
  if (match === undefined) return { status: 404 };
  if (!parts.keys.allows(match.target.trigger.authLevel, target.key)) return { status: 401 };
  return withBody(parts, message, (body) => callFunction(parts, match, { message, target, body }));
}

function matchOf(routes: RouteTable, { method = '' }: IncomingMessage, { path }: RequestTarget) {
  try {
    return routes(method, path);
  } catch {
    return 'badEncoding' as const;
  }
}

async function answerItself(
  parts: Parts,
  endpoint: SystemEndpoint,
  message: IncomingMessage,
  target: RequestTarget,
): Promise<Answer> {
  const { door } = endpoint;
  if (door !== undefined && !parts.keys.opens(door, target.key)) return { status: 401 };
  return withBody(parts, message, async (body) => endpoint.answer({ message, target, body }));
}

async function withBody(
  { budget }: Parts,
  message: IncomingMessage,
  use: (body: Buffer) => Promise<Answer>,
): Promise<Answer> {
  const body = await readBody(message, budget);
  // To a client that has gone away nothing can be answered.
  if (body.kind !== 'whole') return { status: body.kind === 'tooLarge' ? 413 : 400 };
  try {
    return await use(body.bytes);
  } finally {
    body.release();
  }
}

async function callFunction(parts: Parts, { target, params }: RouteMatch, request: SystemRequest): Promise<Answer> {
  const data = { http: rpcRequest(request, params) };
  const inputs = [{ name: target.input, data }, ...parts.extraInputs(target)];
  try {
    const given = await parts.app.invoke(target.name, { inputs });
    return answerOf(given?.http);
  } catch (error) {
    parts.failed(target.name, error);
    return { status: 500 };
  }
}

function rpcRequest({ message, target: { url }, body }: SystemRequest, params: RouteMatch['params']) {
  return {
    method: message.method ?? '',
    url: url.href,
    nullableHeaders: readHeaders(message),
    nullableQuery: nullable(url.searchParams),
    nullableParams: nullable(Object.entries(params)),
    ...(body.length === 0 ? {} : { body: { bytes: body } }),
  };
}

function nullable(pairs: Iterable<[string, string]>): Record<string, { readonly value: string }> {
  const values: Record<string, { value: string }> = Object.create(null);
  for (const [name, value] of pairs) {
    const first = values[name];
    // Of a parameter that is given twice, the worker sees one value with a comma, as from the real host.
    values[name] = { value: first === undefined ? value : `${first.value},${value}` };
  }
  return values;
}
