import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** An answer of the control plane before anybody has judged it. */
export interface RawAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly date: string | undefined;
  readonly body: string;
}

/** Why there was no answer; the message is a code, never text from the peer. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly kind: 'timeout' | 'tooLarge';

  constructor(kind: 'timeout' | 'tooLarge', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** One request. */
export interface Post {
  /** Compressed by gzip. */
  readonly body: Buffer;
  /** Value of the header. */
  readonly authorization: string;
  readonly signal: AbortSignal;
}

/** A connection to the control plane, kept between requests. */
export interface Exchange {
  /** Rejects with ExchangeError, or with what the network gave. */
  post(post: Post): Promise<RawAnswer>;
  close(): void;
}

/** Where requests go, and how much they may take. */
export interface ExchangeOptions {
  readonly url: URL;
  readonly userAgent: string;
  readonly limits?: ExchangeLimits;
}

/** How much one request may take. */
export interface ExchangeLimits {
  /** For name, connection, TLS, request and the whole answer together. */
  readonly timeoutMs: number;
  readonly answerBytes: number;
}

/** Limits of one report. */
export const EXCHANGE_LIMITS: ExchangeLimits = { timeoutMs: 10_000, answerBytes: 4 * 1024 * 1024 };

/** Remembers where to; nothing is connected before the first request. Redirects are answers like any other. */
export function createExchange({ url, userAgent, limits = EXCHANGE_LIMITS }: ExchangeOptions): Exchange {
  const options = { keepAlive: true, maxSockets: 1 };
  const secure = url.protocol === 'https:';
  const agent = secure ? new HttpsAgent({ ...options, rejectUnauthorized: true }) : new HttpAgent(options);
  const send = secure ? httpsRequest : httpRequest;

  function once({ body, authorization, signal }: Post): Promise<RawAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    const headers = {
      accept: 'application/json, application/problem+json',
      'accept-encoding': 'identity',
      authorization,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': body.length,
      'user-agent': userAgent,
    };
    const request = send(url, { method: 'POST', agent, headers, signal });
    const late = new ExchangeError('timeout', `${limits.timeoutMs / 1_000} s`);
    const timer = setTimeout(() => request.destroy(late), limits.timeoutMs);
    request.on('response', (response) => {
      // A connection that breaks within the answer is an error of the answer and not of the request.
      readAnswer(response, limits.answerBytes).then(resolve, (error: unknown) => {
        request.destroy();
        reject(request.errored ?? error);
      });
    });
    request.on('error', (error) => reject(isStale(error, request.reusedSocket) ? new StaleSocketError() : error));
    request.end(body);
    return promise.finally(() => clearTimeout(timer));
  }

  return {
    post: (post) =>
      once(post).catch((error: unknown) => {
        if (error instanceof StaleSocketError) return once(post);
        throw error;
      }),
    close: () => agent.destroy(),
  };
}

/** The other end had closed the kept connection before this request was on its way. */
class StaleSocketError extends Error {}

function isStale(error: Error, reused: boolean): boolean {
  return reused && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

async function readAnswer(response: IncomingMessage, limit: number): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new ExchangeError('tooLarge', `more than ${limit / 1024} KiB`);
    chunks.push(chunk);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfter: response.headers['retry-after'],
    date: response.headers.date,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}
