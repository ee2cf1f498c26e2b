import { PROBLEM_MEDIA_TYPE, type ProblemDocument, type ProblemItem } from '../../shared/api/problem.ts';
import { StoreError } from '../store/store-error.ts';
import type { ApiResponse } from './contract.ts';

/** Every kind of error answer; the key is the end of its `type`, `urn:mqttbridge:problem:KEY`, and never changes. */
const PROBLEMS = {
  'bad-request': { status: 400, title: 'The request is not valid' },
  'bad-body': { status: 400, title: 'The body cannot be read' },
  unauthenticated: { status: 401, title: 'Credentials are needed' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This method is not offered here' },
  'not-acceptable': { status: 406, title: 'There is no representation that the caller accepts' },
  'body-timeout': { status: 408, title: 'The body did not arrive in time' },
  'in-use': { status: 409, title: 'Something else refers to it' },
  'limit-reached': { status: 409, title: 'There are as many as there may be' },
  'already-exists': { status: 409, title: 'There is one of this name already' },
  'stale-etag': { status: 412, title: 'It is not, or no longer, what the caller expects' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of another media type' },
  'invalid-resource': { status: 422, title: 'A document breaks rules' },
  'etag-needed': { status: 428, title: 'A change needs If-Match' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something failed that should not' },
  unconfigured: { status: 503, title: 'No authentication is configured' },
  unavailable: { status: 503, title: 'The request cannot be served now' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

/** A kind of error answer. */
export type ProblemKind = keyof typeof PROBLEMS;

/** What an error answer tells beyond its kind. */
export interface ProblemOptions {
  /** What happened this time, in one sentence; never a secret or a stack. */
  readonly detail?: string;
  readonly errors?: readonly ProblemItem[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error answer (RFC 9457). */
export function problemResponse(kind: ProblemKind, { detail, errors, headers }: ProblemOptions = {}): ApiResponse {
  const { status, title } = PROBLEMS[kind];
  const json: ProblemDocument = {
    type: `urn:mqttbridge:problem:${kind}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined || errors.length === 0 ? {} : { errors: [...errors] }),
  };
  return { status, headers: { ...headers, 'content-type': PROBLEM_MEDIA_TYPE }, body: { json } };
}

/** What a caller is told of a refusal or failure of the store; undefined for every other error, which is a defect. */
export function storeProblem(error: unknown): ApiResponse | undefined {
  if (!(error instanceof StoreError)) return undefined;
  switch (error.code) {
    case 'too-large':
      return problemResponse('body-too-large', { detail: error.message });
    case 'bad-continue':
      return badRequest('query.continue', error.message);
    case 'bad-name':
      return badRequest('path', error.message);
    case 'unavailable':
      return problemResponse('unavailable', { detail: 'the store is away', headers: { 'retry-after': '5' } });
    case 'newer-schema':
      return undefined;
  }
}

function badRequest(path: string, message: string): ApiResponse {
  return problemResponse('bad-request', { errors: [{ path, rule: 'InvalidParameter', message }] });
}
