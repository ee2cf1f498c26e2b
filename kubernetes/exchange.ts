import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { ClusterAccess, Credentials } from './access.ts';

/** One request. */
export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** `application/json` unless told. */
  readonly contentType?: string;
  /** On a connection of its own. */
  readonly watch?: boolean;
}

/** An answer whose body is still to come, and a way to give it up. */
export interface OpenAnswer {
  readonly response: IncomingMessage;
  /** Ends the connection; whoever reads the body gets the reason. */
  readonly abandon: (reason: Error) => void;
}

/** Connections to one API server. */
export interface Exchange {
  /** Resolves when the head of the answer is there, whatever its status; rejects with AccessError or what the network gave. */
  send(asked: Asked, signal: AbortSignal): Promise<OpenAnswer>;
  close(): void;
}

/** No answer in time, or too much of it. */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
}

/** An API server closes idle connections after a minute or more: ours are gone before that. */
const IDLE_MS = 30_000;
/** Silence before TCP asks whether the other end is still there. */
const KEEP_ALIVE_MS = 20_000;
const MOST_CONNECTIONS = 16;

/** Remembers where to; nothing is connected before the first request. Redirects are answers like any other. */
export function createExchange(access: ClusterAccess, userAgent: string): Exchange {
  const kept = new Agent({ keepAlive: true, timeout: IDLE_MS, maxSockets: MOST_CONNECTIONS });
  // A watch that ends early ends its connection: there is nothing to keep.
  const own = new Agent({ keepAlive: false });

  function open(asked: Asked, credentials: Credentials, signal: AbortSignal): Promise<OpenAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<OpenAnswer>();
    const request = httpsRequest({
      ...addressOf(access, asked),
      ...tlsOf(access, credentials),
      agent: asked.watch ? own : kept,
      method: asked.method,
      headers: headersOf(asked, userAgent, credentials),
      signal,
    });
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    request.on('response', (response) => resolve({ response, abandon: (reason) => void response.destroy(reason) }));
    request.on('error', (error) => reject(isStale(error, request.reusedSocket) ? new StaleError(error) : error));
    request.end(asked.body);
    return promise;
  }

  async function sent(asked: Asked, credentials: Credentials, signal: AbortSignal): Promise<OpenAnswer> {
    try {
      return await open(asked, credentials, signal);
    } catch (error) {
      if (!(error instanceof StaleError)) throw error;
      // A creation may have come to its end before the connection did.
      if (asked.method === 'POST') throw error.cause;
      return open(asked, credentials, signal);
    }
  }

  return {
    async send(asked, signal) {
      const credentials = await access.credentials();
      const first = await sent(asked, credentials, signal);
      if (first.response.statusCode !== 401) return first;
      // They may have been replaced between the reading of their files and now.
      const newer = await access.credentials();
      if (isSame(credentials, newer)) return first;
      first.response.resume();
      return sent(asked, newer, signal);
    },
    close() {
      kept.destroy();
      own.destroy();
    },
  };
}

function isSame(one: Credentials, other: Credentials): boolean {
  return one.token === other.token && one.certificate?.cert === other.certificate?.cert;
}

/** Body of an answer, whose end before its time has a name. */
export async function* chunksOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (error) {
    // Node says just `aborted`.
    const cut = error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
    throw cut ? new ExchangeError('the connection to the API server was cut', { cause: error }) : error;
  }
}

/** The other end had closed the kept connection before this request was on its way. */
class StaleError extends Error {
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

function isStale(error: Error, reused: boolean): boolean {
  return reused && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function addressOf({ server }: ClusterAccess, { path, query = {} }: Asked) {
  const parameters = new URLSearchParams(query).toString();
  return {
    // Brackets of an IPv6 address belong to the URL and not to the address.
    hostname: server.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: server.port || 443,
    path: `${server.pathname.replace(/\/+$/, '')}${path}${parameters === '' ? '' : `?${parameters}`}`,
  };
}

function tlsOf({ serverName }: ClusterAccess, { ca, certificate }: Credentials) {
  return {
    rejectUnauthorized: true,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : certificate),
  };
}

function headersOf({ body, contentType = 'application/json' }: Asked, userAgent: string, { token }: Credentials) {
  return {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': userAgent,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
  };
}
