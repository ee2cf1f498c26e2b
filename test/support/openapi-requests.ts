import * as fc from 'fast-check';
import { damaged, type Resolve, type Schema, valuesOf } from './json-schema-arbitrary.ts';
import type { FuzzOperation, FuzzParameter, FuzzRequest, Judge } from './openapi-checks.ts';

/** What requests are made from. */
export interface RequestSources {
  /** `Authorization` of a caller who may do what needs this role. */
  readonly authorizationFor: (role: string) => string;
  /** Values of parameters by name that lead to something that exists more often than random ones. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Optional parameters whose values only the service makes; they are not sent as valid ones. */
  readonly opaque: readonly string[];
  /** Bodies by operation that must be taken when the parameters are these. */
  readonly bodies: Readonly<Record<string, (params: Readonly<Record<string, string>>) => unknown>>;
  readonly judge: Judge;
  readonly resolve: Resolve;
}

/** What one request carries. */
export interface Data {
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Valid data of an operation. */
export function dataOf(sources: RequestSources, operation: FuzzOperation): fc.Arbitrary<Data> {
  const { requestBody, operationId } = operation;
  const parameters = operation.parameters.filter(({ name }) => !sources.opaque.includes(name));
  const valuesAt = (place: FuzzParameter['in']) =>
    fc.record(
      Object.fromEntries(
        parameters.filter((one) => one.in === place).map((one) => [one.name, parameterValues(sources, one)]),
      ),
      {
        requiredKeys: parameters
          .filter((one) => one.in === place && (one.required || place === 'path'))
          .map(({ name }) => name),
      },
    ) as fc.Arbitrary<Record<string, unknown>>;
  const [schema] = Object.values(requestBody?.content ?? {}).map((content) => content.schema);
  const bodies = schema === undefined ? fc.constant(undefined) : valuesOf(schema, sources.resolve);
  return fc
    .record({
      path: valuesAt('path'),
      query: valuesAt('query'),
      headers: valuesAt('header'),
      body: bodies,
      known: fc.boolean(),
    })
    .map(({ path, query, headers, body, known }) => {
      const params = texts(path);
      const taken = known ? sources.bodies[operationId]?.(params) : undefined;
      const data = { path: params, query: pairsOf(query), headers: texts(headers) };
      return schema === undefined ? data : { ...data, body: taken ?? body };
    });
}

function parameterValues({ values, resolve }: RequestSources, { name, schema }: FuzzParameter): fc.Arbitrary<unknown> {
  const made = valuesOf(schema, resolve);
  const likely = values[name];
  return likely === undefined
    ? made
    : fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...likely) }, { weight: 1, arbitrary: made });
}

/** Requests with one fault each. */
export function badRequests(sources: RequestSources, operation: FuzzOperation): fc.Arbitrary<FuzzRequest> {
  const good = dataOf(sources, operation);
  const kinds: fc.Arbitrary<FuzzRequest>[] = [
    fc
      .tuple(good, fc.stringMatching(/^[$a-z][a-z-]{3,9}zz$/))
      .map(([data, name]) => requestOf(sources, operation, { ...data, query: [...data.query, [name, '1']] })),
    ...operation.parameters.map((parameter) => badParameter(sources, operation, parameter)),
  ];
  if (operation.requestBody !== undefined) kinds.push(...badBodies(sources, operation));
  return fc.oneof(...kinds);
}

const HOSTILE_TEXTS = [
  '',
  ' ',
  "' or PartitionKey ne '",
  '../x',
  '%00',
  'a/b',
  '#',
  '?',
  '\u0001',
  'é',
  '-1',
  '1e3',
  'x'.repeat(1024),
];

function badParameter(
  sources: RequestSources,
  operation: FuzzOperation,
  { name, in: place, schema }: FuzzParameter,
): fc.Arbitrary<FuzzRequest> {
  const judged = (text: string) => !fitsText(schema, text) && !(place === 'path' && text === '');
  const texts = fc
    .constantFrom(...HOSTILE_TEXTS)
    .filter((text) => judged(text) && !(place === 'header' && /[^\x20-\x7e]|^ *$/.test(text)));
  return fc.tuple(dataOf(sources, operation), texts).map(([data, text]) => {
    if (place === 'path') return requestOf(sources, operation, { ...data, path: { ...data.path, [name]: text } });
    if (place === 'header')
      return requestOf(sources, operation, { ...data, headers: { ...data.headers, [name]: text } });
    const others = data.query.filter(([one]) => one !== name);
    return requestOf(sources, operation, { ...data, query: [...others, [name, text]] });
  });
}

/** Whether a text is a value of a parameter; a list may have one. */
function fitsText(schema: Schema, text: string): boolean {
  const { type, enum: values, pattern, minimum, maximum, items, minLength = 0, maxLength = Infinity } = schema;
  if (type === 'array') return fitsText(items as Schema, text);
  if (Array.isArray(values)) return values.includes(text);
  if (type === 'integer')
    return /^-?\d+$/.test(text) && Number(text) >= Number(minimum) && Number(text) <= Number(maximum);
  return (
    text.length >= Number(minLength) &&
    text.length <= Number(maxLength) &&
    new RegExp(typeof pattern === 'string' ? pattern : '').test(text)
  );
}

function badBodies(sources: RequestSources, operation: FuzzOperation): fc.Arbitrary<FuzzRequest>[] {
  const good = dataOf(sources, operation);
  const wrong = fc
    .tuple(good, damaged(good.map(({ body }) => body)))
    .filter(([, body]) => body !== undefined && !sources.judge.fits(operation, body))
    .map(([data, body]) => requestOf(sources, operation, { ...data, body }));
  const texts = fc.constantFrom(
    '',
    '{',
    '[[',
    'null',
    '"x"',
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '\u0000',
    '{"a":"\\ud800"}',
    '[1e999]',
  );
  const broken = fc.tuple(good, texts).map(([data, body]) => ({ ...requestOf(sources, operation, data), body }));
  const types = fc.constantFrom('text/plain', 'application/octet-stream', 'application/json; charset=latin1', 'x');
  const mistyped = fc.tuple(good, types).map(([data, type]) => {
    const request = requestOf(sources, operation, data);
    return { ...request, headers: { ...request.headers, 'content-type': type } };
  });
  return [wrong, broken, mistyped];
}

/** The request that carries data, with the credentials that the operation needs. */
export function requestOf(
  { authorizationFor }: RequestSources,
  operation: FuzzOperation,
  { path, query, headers, body }: Data,
): FuzzRequest {
  const level = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(path[name] ?? ''));
  const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
  const sent: Record<string, string> = { ...headers };
  if (operation.role !== undefined) sent.authorization = authorizationFor(operation.role);
  if (body !== undefined) sent['content-type'] = 'application/json';
  return {
    method: operation.method,
    path: `/api${level}${search === '' ? '' : `?${search}`}`,
    headers: sent,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

function pairsOf(query: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
  );
}

function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
