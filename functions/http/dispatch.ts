import { randomUUID } from 'node:crypto';
import type { Authorize, Limit, RequestHeaders } from '../auth/authorize-port.ts';
import type { Caller } from '../auth/caller.ts';
import { siteName } from '../../shared/api/names.ts';
import type { ApiRequest, ApiResponse, Deps, Operation } from './contract.ts';
import { mediaTypeOf, negotiate } from './media-type.ts';
import { parameterFaults } from './parameters.ts';
import { permits } from '../auth/permits.ts';
import { problemResponse, storeProblem } from './problems.ts';
import { type BodyOutcome, MAX_BODY_BYTES, readBody } from './read-body.ts';
import { type RawResponse, rawResponse } from './raw-response.ts';
import { allowedMethods, type RouteMatch, routeMatcher } from './route-match.ts';

/** A request as the platform hands it in. */
export interface RawRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly body: ReadableStream<Uint8Array> | null;
}

/** What a dispatcher is made of. */
export interface DispatcherOptions {
  readonly operations: readonly Operation[];
  readonly deps: Deps;
  readonly authorize: Authorize;
  readonly limit: Limit;
  /** First level of every path; `api` unless told. */
  readonly prefix?: string;
  /** How long a body may take, in milliseconds; 10,000 unless told. */
  readonly bodyTimeoutMs?: number;
  /** Names a failure in answer and log. */
  readonly newId?: () => string;
}

type Dispatch = (request: RawRequest) => Promise<RawResponse>;

/** Who the caller of a public operation is: nobody. */
const NOBODY: Caller = { id: 'anybody', roles: new Set() };

/** Serves all operations: finds the one that is meant, checks everything that all have in common, and calls its handler. */
export function createDispatcher(options: DispatcherOptions): Dispatch {
  const { deps, newId = randomUUID, prefix = 'api' } = options;
  const match = routeMatcher(options.operations);
  const served = { ...options, deps: { ...deps, trigger: patient(deps) } };
  return async (request) => {
    const found = locate(request.url, prefix, match);
    const response = await answer(request, found, served).catch((error: unknown) =>
      failureResponse(error, found, { deps, newId }),
    );
    return rawResponse(response, request.method === 'HEAD');
  };
}

/** What the store refuses is the caller's fault; everything else is logged under a name that the caller is told. */
function failureResponse(
  error: unknown,
  found: Located | undefined,
  { deps, newId }: { readonly deps: Deps; readonly newId: () => string },
): ApiResponse {
  const known = storeProblem(error);
  if (known !== undefined && known.status < 500) return known;
  const id = newId();
  const path = found?.match?.path;
  deps.log?.('RequestFailed', { id, path, error: error instanceof Error ? error.stack : String(error) });
  return known ?? problemResponse('internal', { detail: `the log has it as ${id}` });
}

interface Located {
  readonly url: URL;
  readonly match: RouteMatch | undefined;
}

/** Undefined where the path is no text. */
function locate(text: string, prefix: string, match: ReturnType<typeof routeMatcher>): Located | undefined {
  try {
    const url = new URL(text);
    const [, first, ...segments] = url.pathname.split('/').map(decodeURIComponent);
    return { url, match: first === prefix ? match(segments) : undefined };
  } catch {
    return undefined;
  }
}

async function answer(
  request: RawRequest,
  found: Located | undefined,
  options: DispatcherOptions,
): Promise<ApiResponse> {
  const operation = found?.match?.operations.get(operationMethod(request));
  const caller = operation?.role === 'liveness' ? NOBODY : await identify(request, found, operation, options);
  if ('status' in caller) return caller;
  if (found === undefined) return badPath();
  if (found.match === undefined) return problemResponse('not-found', { detail: 'the API has no such path' });
  if (operation === undefined) return noOperation(request.method, found.match);
  return serve(request, { operation, url: found.url, params: found.match.params, caller }, options);
}

/** HEAD is GET without the body. */
function operationMethod({ method }: RawRequest): Operation['method'] {
  return (method === 'HEAD' ? 'GET' : method) as Operation['method'];
}

/** The caller, or the answer to somebody who is none. What the paths and methods are is no secret. */
async function identify(
  { headers }: RawRequest,
  found: Located | undefined,
  operation: Operation | undefined,
  { authorize }: DispatcherOptions,
): Promise<Caller | ApiResponse> {
  const site = siteName.safeParse(found?.match?.params.site);
  const authorization = await authorize(headers, site.success ? { site: site.data } : {});
  if (authorization.kind === 'unconfigured') return problemResponse('unconfigured');
  if (authorization.kind === 'caller') return authorization.caller;
  if (operation === undefined || operation.role === 'public') return NOBODY;
  if (authorization.kind === 'unavailable') return cannotTell(authorization.retryAfterSeconds);
  const challenge = headers.get('authorization') === null ? 'Bearer' : 'Bearer error="invalid_token"';
  return problemResponse('unauthenticated', { detail: authorization.why, headers: { 'www-authenticate': challenge } });
}

function cannotTell(retryAfterSeconds: number): ApiResponse {
  const detail = 'who the caller is cannot be found out now';
  return problemResponse('unavailable', { detail, headers: { 'retry-after': String(Math.ceil(retryAfterSeconds)) } });
}

function badPath(): ApiResponse {
  const message = 'the path is not valid percent-encoded UTF-8';
  return problemResponse('bad-request', { errors: [{ path: 'path', rule: 'InvalidParameter', message }] });
}

function noOperation(method: string, match: RouteMatch): ApiResponse {
  const allow = allowedMethods(match);
  return method === 'OPTIONS'
    ? { status: 204, headers: { allow } }
    : problemResponse('method-not-allowed', { detail: `allowed: ${allow}`, headers: { allow } });
}

interface Served {
  readonly operation: Operation;
  readonly url: URL;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
}

async function serve(request: RawRequest, served: Served, options: DispatcherOptions): Promise<ApiResponse> {
  const { operation, url, params, caller } = served;
  const refused = admission(caller, options) ?? requestRefusal(request, served);
  if (refused !== undefined) return refused;
  const body = await bodyOf(request, operation, options.bodyTimeoutMs ?? 10_000);
  if ('status' in body) return body;
  const { method, headers } = request;
  const asked: ApiRequest = { method, params, query: url.searchParams, headers, body: body.bytes };
  return operation.handler(asked, caller, options.deps);
}

function requestRefusal({ headers }: RawRequest, { operation, url, params, caller }: Served): ApiResponse | undefined {
  const faults = parameterFaults(operation, params, url.searchParams, headers);
  const missing = faults.find(({ path, rule }) => rule === 'MissingHeader' && path.toLowerCase() === 'header.if-match');
  const wrong = faults.filter((fault) => fault !== missing);
  if (wrong.length > 0) return problemResponse('bad-request', { errors: wrong });
  if (!permits(caller, operation.role, params)) {
    return problemResponse('forbidden', { detail: `this needs the role ${operation.role} for what the path names` });
  }
  if (missing !== undefined) return problemResponse('etag-needed', { errors: [missing] });
  if (negotiate(headers.get('accept'), producedTypes(operation)) !== undefined) return undefined;
  return problemResponse('not-acceptable', { detail: `there is: ${producedTypes(operation).join(', ')}` });
}

/** Media types of an operation's successful answers. */
function producedTypes({ responses }: Operation): readonly string[] {
  const types = Object.entries(responses).flatMap(([status, { mediaTypes }]) =>
    Number(status) < 300 ? (mediaTypes ?? ['application/json']) : [],
  );
  return [...new Set([...types, 'application/json'])];
}

function admission(caller: Caller, { limit }: DispatcherOptions): ApiResponse | undefined {
  if (caller === NOBODY) return undefined;
  const admitted = limit(caller.id);
  if (admitted.kind === 'admitted') return undefined;
  return problemResponse('too-many-requests', {
    detail: `try again after ${admitted.retryAfterSeconds} s`,
    headers: { 'retry-after': String(Math.ceil(admitted.retryAfterSeconds)) },
  });
}

async function bodyOf(
  { headers, body }: RawRequest,
  { requestBody }: Operation,
  timeoutMs: number,
): Promise<{ readonly bytes: Uint8Array } | ApiResponse> {
  if (requestBody === undefined) return { bytes: new Uint8Array() };
  const type = mediaTypeOf(headers.get('content-type'));
  if (type === undefined || !requestBody.mediaTypes.includes(type)) {
    return unsupported(`the body must be ${requestBody.mediaTypes.join(' or ')}, in UTF-8`);
  }
  const read = await readBody(body, headers, timeoutMs);
  return read.kind === 'body' ? read : bodyProblem(read);
}

function bodyProblem({ kind }: Exclude<BodyOutcome, { kind: 'body' }>): ApiResponse {
  switch (kind) {
    case 'too-large':
      return problemResponse('body-too-large', { detail: `at most ${MAX_BODY_BYTES} bytes, also after decompression` });
    case 'timeout':
      return problemResponse('body-timeout', { headers: { connection: 'close' } });
    case 'broken':
      return problemResponse('bad-body', { detail: 'the body is not gzip, as Content-Encoding says' });
    case 'incomplete':
      return problemResponse('bad-body', { detail: 'the body ended before it was complete' });
    case 'unsupported-encoding':
      return unsupported('Content-Encoding may be gzip');
  }
}

function unsupported(detail: string): ApiResponse {
  return problemResponse('unsupported-media-type', { detail, headers: { 'accept-encoding': 'gzip, identity' } });
}

/** Hints that cannot be delivered are logged: they cost time, never the request. */
function patient({ trigger, log }: Deps): Deps['trigger'] {
  const attempt = async (event: string, site: string, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      log?.(event, { site, error: error instanceof Error ? error.message : String(error) });
    }
  };
  return {
    ensure: (site) => attempt('HealthStartFailed', site, () => trigger.ensure(site)),
    hint: (site) => attempt('HealthHintFailed', site, () => trigger.hint(site)),
  };
}
