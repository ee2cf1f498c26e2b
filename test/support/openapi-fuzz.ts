import * as fc from 'fast-check';
import type { Resolve, Schema } from './json-schema-arbitrary.ts';
import {
  type CheckName,
  createJudge,
  type Finding,
  type FuzzOperation,
  type FuzzRequest,
  type FuzzResponse,
  type Judge,
  operationsOf,
} from './openapi-checks.ts';
import { badRequests, type Data, dataOf, requestOf, type RequestSources } from './openapi-requests.ts';

/** What to fuzz and how. */
export interface FuzzOptions extends Omit<RequestSources, 'judge' | 'resolve'> {
  /** The OpenAPI document, as JSON. */
  readonly document: Schema;
  readonly send: (request: FuzzRequest) => Promise<FuzzResponse>;
  /** Requests per operation and kind of data. */
  readonly runs: number;
  readonly seed: number;
  /** Where `prepare` works. */
  readonly site: string;
  /** Makes what `bodies` refer to. */
  readonly prepare: () => Promise<void>;
}

/** One broken promise. */
export interface FuzzFailure extends Finding {
  readonly operationId: string;
  readonly request: FuzzRequest;
  readonly status: number;
}

/** What became of a run. */
export interface FuzzReport {
  readonly requests: number;
  /** How often each check was made. */
  readonly checks: Readonly<Partial<Record<CheckName, number>>>;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly failures: readonly FuzzFailure[];
}

interface Run extends FuzzOptions {
  readonly judge: Judge;
  readonly resolve: Resolve;
  readonly failures: FuzzFailure[];
  readonly checks: Partial<Record<CheckName, number>>;
  readonly statuses: Record<number, number>;
}

/** Sends every operation valid and invalid requests and checks every answer against the document. */
export async function fuzzApi(options: FuzzOptions): Promise<FuzzReport> {
  const run: Run = {
    ...options,
    judge: createJudge(options.document),
    resolve: (ref) => resolved(options.document, ref),
    failures: [],
    checks: {},
    statuses: {},
  };
  const operations = operationsOf(options.document).toSorted((a, b) => sweep(a) - sweep(b));
  for (const operation of operations) {
    await fuzzPositive(run, operation);
    await fuzzNegative(run, operation);
    await checkHeaders(run, operation);
    await checkAuthentication(run, operation);
  }
  for (const path of new Set(operations.map((operation) => operation.path))) await checkMethods(run, operations, path);
  for (const operation of operations) await checkLife(run, operations, operation);
  const { failures, checks, statuses } = run;
  return { failures, checks, statuses, requests: Object.values(statuses).reduce((sum, count) => sum + count, 0) };
}

/** What deletes all that other paths lie below comes last: credentials may be there. */
function sweep({ method, path }: FuzzOperation): number {
  return method === 'DELETE' ? 10 - path.split('/').length : 0;
}

/** What fits the document may be refused for what it says or meets, never for its form. */
const REFUSED_FOR_ITS_FORM = new Set([400, 401, 405, 406, 408, 413, 415]);

async function fuzzPositive(run: Run, operation: FuzzOperation): Promise<void> {
  for (const data of sampled(run, dataOf(run, operation))) {
    const request = requestOf(run, operation, data);
    const response = await exchange(run, operation, request);
    const accepted = !REFUSED_FOR_ITS_FORM.has(response.status);
    check(run, 'positive_data_acceptance', { operation, request, response }, accepted);
  }
}

async function fuzzNegative(run: Run, operation: FuzzOperation): Promise<void> {
  for (const request of sampled(run, badRequests(run, operation))) {
    const response = await exchange(run, operation, request);
    const rejected = (response.status >= 400 && response.status < 500) || isJudgedInvalid(response);
    check(run, 'negative_data_rejection', { operation, request, response }, rejected);
  }
}

/** An operation that judges documents says so in its answer. */
function isJudgedInvalid({ status, body }: FuzzResponse): boolean {
  return status === 200 && /"valid":false/.test(body);
}

async function checkHeaders(run: Run, operation: FuzzOperation): Promise<void> {
  for (const { name } of operation.parameters.filter((one) => one.in === 'header' && one.required)) {
    for (const data of sampled(run, dataOf(run, operation))) {
      const { [name]: _missing, ...headers } = data.headers;
      const request = requestOf(run, operation, { ...data, headers });
      const response = await exchange(run, operation, request);
      check(run, 'missing_required_header', { operation, request, response }, [400, 428].includes(response.status));
    }
  }
}

async function checkAuthentication(run: Run, operation: FuzzOperation): Promise<void> {
  if (operation.role === undefined) return;
  for (const data of sampled(run, dataOf(run, operation)).slice(0, 5)) {
    for (const authorization of [undefined, '', 'Bearer', 'Bearer wrong', 'Basic d3JpdGVyOg==']) {
      const { authorization: _right, ...headers } = requestOf(run, operation, data).headers;
      const sent = authorization === undefined ? headers : { ...headers, authorization };
      const request = { ...requestOf(run, operation, data), headers: sent };
      const response = await exchange(run, operation, request);
      check(run, 'ignored_auth', { operation, request, response }, response.status === 401);
    }
  }
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'];

async function checkMethods(run: Run, operations: readonly FuzzOperation[], path: string): Promise<void> {
  const here = operations.filter((operation) => operation.path === path);
  const [operation] = here;
  if (operation === undefined) return;
  const offered = here.map(({ method }) => method);
  for (const method of METHODS.filter((one) => !offered.includes(one))) {
    const [data] = sampled(run, dataOf(run, operation));
    if (data === undefined) continue;
    const { body: _body, ...request } = { ...requestOf(run, operation, data), method };
    const response = await counted(run, request);
    const allowed = response.headers.allow?.split(/, */) ?? [];
    const refused =
      response.status === 405 && offered.every((one) => allowed.includes(one)) && !allowed.includes(method);
    check(run, 'unsupported_method', { operation, request, response }, refused);
  }
}

/** What was created is there, and what was deleted is not. */
async function checkLife(run: Run, operations: readonly FuzzOperation[], put: FuzzOperation): Promise<void> {
  const at = (method: string) => operations.find((one) => one.path === put.path && one.method === method);
  const [get, remove, body] = [at('GET'), at('DELETE'), run.bodies[put.operationId]];
  if (put.method !== 'PUT' || get === undefined || remove === undefined || body === undefined) return;
  for (const [index, data] of sampled(run, dataOf(run, put)).entries()) {
    const path = { ...data.path, site: run.site, name: `life-${index}` };
    const plain = (operation: FuzzOperation, more: Partial<Data> = {}) =>
      requestOf(run, operation, { path, query: [], headers: {}, ...more });
    const anyTag = remove.parameters.some(({ name }) => name === 'If-Match') ? { headers: { 'If-Match': '*' } } : {};
    await exchange(run, remove, plain(remove, anyTag));
    await run.prepare();
    const created = await exchange(run, put, plain(put, { body: body(path) }));
    const request = plain(get);
    const read = await exchange(run, get, request);
    const there = created.status === 201 && read.status === 200;
    check(run, 'ensure_resource_availability', { operation: put, request, response: read }, there);
    await exchange(run, remove, plain(remove, anyTag));
    const response = await exchange(run, get, request);
    check(run, 'use_after_free', { operation: get, request, response }, response.status === 404);
  }
}

function sampled<T>({ runs, seed }: Run, values: fc.Arbitrary<T>): T[] {
  return fc.sample(values, { numRuns: runs, seed });
}

/** Sends a request of an operation and makes the checks that every answer must pass. */
async function exchange(run: Run, operation: FuzzOperation, request: FuzzRequest): Promise<FuzzResponse> {
  const response = await counted(run, request);
  const found = run.judge.answer(operation, response);
  for (const name of EVERY_ANSWER) run.checks[name] = (run.checks[name] ?? 0) + 1;
  const { operationId } = operation;
  run.failures.push(...found.map((finding) => ({ ...finding, operationId, request, status: response.status })));
  return response;
}

const EVERY_ANSWER = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
] as const;

async function counted(run: Run, request: FuzzRequest): Promise<FuzzResponse> {
  const response = await run.send(request);
  run.statuses[response.status] = (run.statuses[response.status] ?? 0) + 1;
  return response;
}

interface Exchange {
  readonly operation: FuzzOperation;
  readonly request: FuzzRequest;
  readonly response: FuzzResponse;
}

function check(run: Run, name: CheckName, { operation, request, response }: Exchange, passed: boolean): void {
  run.checks[name] = (run.checks[name] ?? 0) + 1;
  if (passed) return;
  const { operationId } = operation;
  const { status, body } = response;
  run.failures.push({ check: name, why: body.slice(0, 300), operationId, request, status });
}

function resolved(document: Schema, ref: string): Schema {
  return ref
    .replace(/^#\//, '')
    .split('/')
    .reduce((value, part) => value[part] as Schema, document);
}
