import { join } from 'node:path';
import type { Admission, Authorize, RequestHeaders } from '../../functions/auth/authorize-port.ts';
import type { Caller } from '../../functions/auth/caller.ts';
import type { Role } from '../../functions/auth/caller.ts';
import type { Deps, Operation } from '../../functions/http/contract.ts';
import { createDispatcher, type RawRequest } from '../../functions/http/dispatch.ts';
import { operations as allOperations } from '../../functions/http/operations.ts';
import type { RawResponse } from '../../functions/http/raw-response.ts';
import type { ProblemItem } from '../../shared/api/problem.ts';
import { openSqliteStores } from '../../functions/store/sqlite/open-sqlite-stores.ts';
import type { Stores } from '../../functions/store/store.ts';
import { type Settings, settingsSchema } from '../../functions/wiring/settings.ts';
import type { Scope } from './scope.ts';
import { createTempDir } from './temp-dir.ts';

/** What a test sends; a value as body is sent as JSON, text and bytes as they are. */
export interface ApiCall {
  /** Whose credentials; `writer` unless told, null for none. */
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer with its body read. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly json: AnswerJson;
}

/** A body as JSON, for tests that know which one it is. */
export interface AnswerJson {
  readonly type: string;
  readonly detail: string;
  readonly errors: readonly ProblemItem[];
  readonly problems: readonly ProblemItem[];
  readonly warnings: readonly ProblemItem[];
  readonly valid: boolean;
  readonly items: readonly { readonly name: string }[];
  readonly results: readonly { readonly name: string; readonly outcome: string; readonly etag?: string }[];
  readonly continue?: string;
  readonly [field: string]: unknown;
}

/** The HTTP API without a host: the dispatcher over the embedded store. */
export interface TestApi {
  readonly stores: Stores;
  /** `ensure SITE`, `hint SITE`, in order. */
  readonly hints: string[];
  readonly log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  send(target: string, call?: ApiCall): Promise<ApiAnswer>;
  raw(request: Partial<RawRequest> & { readonly target: string }): Promise<RawResponse>;
}

/** What a test replaces. */
export interface TestApiOptions {
  readonly operations?: readonly Operation[];
  readonly authorize?: Authorize;
  readonly limit?: (caller: string) => Admission;
  readonly stores?: Stores;
  readonly trigger?: Deps['trigger'];
  readonly now?: () => number;
  readonly settings?: Partial<Settings>;
  readonly bodyTimeoutMs?: number;
}

const NO_JSON = {} as AnswerJson;

const CALLERS: Readonly<Record<string, Caller>> = {
  reader: caller('Bridge.Read'),
  writer: caller('Bridge.Write'),
  agent: caller('Bridge.Agent'),
  admin: caller('Bridge.Admin'),
};

/** Starts the API over a new store; `Authorization: Bearer writer` is a caller with the role Bridge.Write, and so on. */
export async function startApi(scope: Scope, options: TestApiOptions = {}): Promise<TestApi> {
  const { now = Date.now } = options;
  const stores = options.stores ?? (await openStores(scope, now));
  const hints: string[] = [];
  const log: TestApi['log'] = [];
  const trigger = {
    ensure: async (site: string) => void hints.push(`ensure ${site}`),
    hint: async (site: string) => void hints.push(`hint ${site}`),
  };
  const settings = { ...settingsSchema.parse({}), ...options.settings };
  const deps: Deps = {
    stores,
    settings,
    trigger: options.trigger ?? trigger,
    now,
    log: (event, fields) => void log.push({ event, fields }),
  };
  const dispatch = createDispatcher({
    operations: options.operations ?? allOperations,
    deps,
    authorize: options.authorize ?? authorizeByName,
    limit: options.limit ?? (() => ({ kind: 'admitted' })),
    ...(options.bodyTimeoutMs === undefined ? {} : { bodyTimeoutMs: options.bodyTimeoutMs }),
  });
  const raw: TestApi['raw'] = ({ target, ...request }) => {
    const [method = 'GET', path = ''] = target.split(' ', 2);
    return dispatch({ method, url: `http://127.0.0.1${path}`, headers: new Headers(), body: null, ...request });
  };
  return { stores, hints, log, raw, send: (target, call = {}) => send(raw, target, call) };
}

/** Stores in a file that goes away with the scope. */
export async function openStores(scope: Scope, now: () => number = Date.now, folder?: string): Promise<Stores> {
  const file = join(folder ?? (await createTempDir(scope, 'api')), 'store.sqlite');
  const stores = openSqliteStores({ file, now });
  scope.onTestFinished(() => stores.close());
  return stores;
}

async function send(raw: TestApi['raw'], target: string, call: ApiCall): Promise<ApiAnswer> {
  const { as = 'writer', headers = {}, body } = call;
  const sent = new Headers(as === null ? {} : { authorization: `Bearer ${as}` });
  if (body !== undefined) sent.set('content-type', 'application/json');
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  const bytes =
    body === undefined ? null : typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await raw({
    target,
    headers: sent,
    body: bytes === null ? null : new Blob([bytes]).stream(),
  });
  const text = response.body ?? '';
  const isJson = /json/.test(response.headers['content-type'] ?? '') && text !== '';
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : NO_JSON };
}

async function authorizeByName(headers: RequestHeaders): ReturnType<Authorize> {
  const name = /^Bearer (\w+)$/.exec(headers.get('authorization') ?? '')?.[1];
  const known = name === undefined ? undefined : CALLERS[name];
  return known === undefined
    ? { kind: 'unauthenticated', why: 'no key of the test' }
    : { kind: 'caller', caller: known };
}

function caller(role: Role): Caller {
  return { id: `key:${role}`, roles: new Set([role]) };
}
