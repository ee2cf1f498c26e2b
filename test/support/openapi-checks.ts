import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import type { Schema } from './json-schema-arbitrary.ts';

/** A request as the fuzzer sends it. */
export interface FuzzRequest {
  readonly method: string;
  /** With the query: `/api/sites/a/connectors?limit=1`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer; names of headers in lower case. */
export interface FuzzResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Names of the checks, those of schemathesis. */
export type CheckName =
  | 'not_a_server_error'
  | 'status_code_conformance'
  | 'content_type_conformance'
  | 'response_headers_conformance'
  | 'response_schema_conformance'
  | 'positive_data_acceptance'
  | 'negative_data_rejection'
  | 'missing_required_header'
  | 'unsupported_method'
  | 'ignored_auth'
  | 'use_after_free'
  | 'ensure_resource_availability';

/** What one check found wrong. */
export interface Finding {
  readonly check: CheckName;
  readonly why: string;
}

/** One operation of the document. */
export interface FuzzOperation {
  readonly operationId: string;
  /** As in the document, below the server: `/sites/{site}`. */
  readonly path: string;
  readonly method: string;
  /** Undefined where nobody needs credentials. */
  readonly role: string | undefined;
  readonly parameters: readonly FuzzParameter[];
  readonly requestBody: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> } | undefined;
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

/** One parameter of an operation. */
export interface FuzzParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

interface ResponseObject {
  readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

/** Judges answers by an OpenAPI document. */
export interface Judge {
  /** The checks that every answer must pass. */
  answer(operation: FuzzOperation, response: FuzzResponse): Finding[];
  /** Whether a body fits its schema. */
  fits(operation: FuzzOperation, body: unknown): boolean;
}

/** All operations of a document. */
export function operationsOf(document: Schema): FuzzOperation[] {
  const paths = document.paths as Readonly<Record<string, Readonly<Record<string, Schema>>>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      operationId: described.operationId as string,
      path,
      method: method.toUpperCase(),
      role: described['x-role'] as string | undefined,
      parameters: (described.parameters ?? []) as FuzzParameter[],
      requestBody: described.requestBody as FuzzOperation['requestBody'],
      responses: described.responses as FuzzOperation['responses'],
    })),
  );
}

/** Makes a judge of a document. */
export function createJudge(document: Schema): Judge {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, inlineRefs: false, logger: false });
  ajv.addSchema({ ...document, $id: 'https://fuzz.test/' });
  const validate = (pointer: readonly string[], value: unknown): string | undefined => {
    const $ref = `https://fuzz.test/#/${pointer.map(escaped).join('/')}`;
    const check = ajv.getSchema($ref) ?? ajv.compile({ $id: $ref.replace('#', '?'), $ref });
    return check(value) === true ? undefined : ajv.errorsText(check.errors);
  };
  return {
    answer: (operation, response) => answerFindings(operation, response, validate),
    fits: ({ path, method, requestBody }, body) => {
      const [type = ''] = Object.keys(requestBody?.content ?? {});
      return (
        validate(['paths', path, method.toLowerCase(), 'requestBody', 'content', type, 'schema'], body) === undefined
      );
    },
  };
}

type Validate = (pointer: readonly string[], value: unknown) => string | undefined;

function answerFindings(operation: FuzzOperation, response: FuzzResponse, validate: Validate): Finding[] {
  const { status, headers, body } = response;
  if (status >= 500) return [{ check: 'not_a_server_error', why: `${status} ${body.slice(0, 200)}` }];
  const described = operation.responses[status];
  if (described === undefined) return [{ check: 'status_code_conformance', why: `${status} is not described` }];
  const missing = Object.entries(described.headers ?? {}).filter(
    ([name, { required }]) => required === true && headers[name.toLowerCase()] === undefined,
  );
  const type = (headers['content-type'] ?? '').split(';', 1)[0] ?? '';
  return [
    ...missing.map(([name]) => ({ check: 'response_headers_conformance' as const, why: `${name} is missing` })),
    ...bodyFindings(operation, described, { status, type, body }, validate),
  ];
}

function bodyFindings(
  { path, method }: FuzzOperation,
  { content }: ResponseObject,
  { status, type, body }: { readonly status: number; readonly type: string; readonly body: string },
  validate: Validate,
): Finding[] {
  if (content === undefined)
    return body === '' ? [] : [{ check: 'content_type_conformance', why: 'a body where there is none' }];
  if (!Object.hasOwn(content, type)) return [{ check: 'content_type_conformance', why: `the type is "${type}"` }];
  const pointer = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema'];
  const why = validate(pointer, parse(body));
  return why === undefined ? [] : [{ check: 'response_schema_conformance', why }];
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
