import type { z } from 'zod';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '../../shared/api/problem.ts';
import { EXIT } from '../exit-code.ts';
import { connectionFailure } from './connection-failure.ts';
import { ControlPlaneError } from './control-plane-error.ts';
import type { Credentials } from './credentials.ts';
import type { SentDocuments } from './documents.ts';
import { refusalError } from './refusal.ts';

/** Where requests go and who sends them. */
export interface RequesterOptions {
  /** Ends with `/api/`. */
  readonly server: URL;
  readonly credentials: Credentials;
  readonly fetch: typeof fetch;
  /** For one request, body included. */
  readonly timeoutSeconds: number;
}

/** One request. */
export interface ApiCall<T> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base, already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** YAML documents. */
  readonly sent?: SentDocuments;
  /** Another body, as JSON. */
  readonly json?: unknown;
  readonly schema: z.ZodType<T>;
}

/** Sends a request and reads its answer; rejects with ControlPlaneError, or CommandError without credentials. */
export type Requester = <T>(call: ApiCall<T>) => Promise<T>;

interface Cached {
  readonly etag: string;
  readonly value: unknown;
}

/**
 * A requester that remembers the answer of each GET by its ETag: while nothing changes, the same object comes back, and
 * the server has nothing to send.
 */
export function createRequester(options: RequesterOptions): Requester {
  const cache = new Map<string, Cached>();
  return async (call) => {
    const url = urlOf(options.server, call);
    const known = call.method === 'GET' ? cache.get(url.href) : undefined;
    const token = await options.credentials.token();
    const answer = await send(call, { url, token, etag: known?.etag }, options);
    // Cached by the same URL, so by the same schema.
    if (answer.status === 304 && known !== undefined) return known.value as never;
    if (!answer.ok) throw withoutSecret(refused(answer, url, call), token);
    const value = parsed(answer, url, call.schema);
    if (call.method === 'GET' && answer.etag !== null) cache.set(url.href, { etag: answer.etag, value });
    return value;
  };
}

function urlOf(server: URL, { path, query = {} }: ApiCall<unknown>): URL {
  const url = new URL(path, server);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  return url;
}

interface Answer {
  readonly status: number;
  readonly ok: boolean;
  readonly etag: string | null;
  readonly retryAfter: string | null;
  readonly type: string;
  readonly body: string;
}

interface Envelope {
  readonly url: URL;
  readonly token: string;
  readonly etag: string | undefined;
}

async function send(
  call: ApiCall<unknown>,
  { url, token, etag }: Envelope,
  options: RequesterOptions,
): Promise<Answer> {
  const content = contentOf(call);
  try {
    const response = await options.fetch(url, {
      method: call.method,
      headers: {
        accept: `application/json, ${PROBLEM_MEDIA_TYPE}`,
        authorization: `Bearer ${token}`,
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...call.headers,
        ...content?.headers,
      },
      ...(content === undefined ? {} : { body: content.body }),
      // A redirect would take the key elsewhere.
      redirect: 'manual',
      signal: AbortSignal.timeout(options.timeoutSeconds * 1000),
    });
    const { status, ok, headers } = response;
    const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    const body = await response.text();
    return { status, ok, etag: headers.get('etag'), retryAfter: headers.get('retry-after'), type, body };
  } catch (error) {
    throw connectionFailure(error, url, options.timeoutSeconds);
  }
}

function contentOf({ sent, json }: ApiCall<unknown>) {
  if (sent !== undefined) return { body: sent.text, headers: { 'content-type': 'application/yaml' } };
  if (json === undefined) return undefined;
  return { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
}

function refused({ status, retryAfter, type, body }: Answer, url: URL, call: ApiCall<unknown>): ControlPlaneError {
  const problem = type === PROBLEM_MEDIA_TYPE ? problemSchema.safeParse(jsonOf(body)) : undefined;
  return refusalError({
    status,
    problem: problem?.data,
    retryAfter: retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined,
    url,
    role: roleFor(call),
    sent: call.sent,
  });
}

function roleFor({ method, path }: ApiCall<unknown>): string {
  if (/\/grants(?:\/|$)/.test(path)) return 'Bridge.Admin';
  return method === 'GET' || path.endsWith('/diff') ? 'Bridge.Read' : 'Bridge.Write';
}

function parsed<T>({ status, type, body }: Answer, url: URL, schema: z.ZodType<T>): T {
  const isJson = type === 'application/json' || status === 204;
  const json = isJson ? schema.safeParse(jsonOf(body)) : undefined;
  if (json?.success === true) return json.data;
  const [issue] = json?.error?.issues ?? [];
  const why = issue === undefined ? `content type "${type}"` : `${issue.path.join('.') || 'body'}: ${issue.message}`;
  throw new ControlPlaneError(`${url.origin} answers in a way that no control plane does (${why})`, {
    advice: 'check --server, and that both sides have the same version',
    exitCode: EXIT.runtime,
    // Not to be asked again: it would say the same.
    status: 200,
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The same error without the key, should a server have quoted it. */
function withoutSecret(error: ControlPlaneError, token: string): ControlPlaneError {
  const hide = (text: string) => text.replaceAll(token, '[redacted]');
  const { advice, exitCode, details, status, retryAfter } = error;
  return new ControlPlaneError(hide(error.message), {
    advice,
    exitCode,
    details: hide(details),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}
