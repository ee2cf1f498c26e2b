import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MetricsText } from './metrics.ts';
import { judgeReadiness, readinessText } from './readiness.ts';
import type { AgentSnapshot } from './snapshot.ts';
import { statusOf } from './status.ts';

/** Where the probes listen and what they read. */
export interface ProbeOptions {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  readonly snapshot: () => AgentSnapshot;
  readonly metrics: () => Promise<MetricsText>;
  /** Told of an answer that could not be made; the caller logs it. */
  readonly onError: (error: Error) => void;
}

/** The running HTTP server of `/livez /healthz /readyz /metrics /status`. */
export interface ProbeServer {
  readonly host: string;
  readonly port: number;
  /** Ends open connections too; resolves when the port is free. */
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Handler = (options: ProbeOptions, query: URLSearchParams) => Answer | Promise<Answer>;

const TEXT = 'text/plain; charset=utf-8';

// Liveness says that the event loop turns and nothing more: a restart would not bring a broker back.
const alive: Handler = () => ({ status: 200, body: 'ok' });

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['/livez', alive],
  ['/healthz', alive],
  ['/readyz', ready],
  ['/metrics', async ({ metrics }) => ({ status: 200, ...(await metrics()) })],
  [
    '/status',
    ({ snapshot }) => ({
      status: 200,
      contentType: 'application/json; charset=utf-8',
      body: `${JSON.stringify(statusOf(snapshot()))}\n`,
    }),
  ],
]);

/** Starts the server; rejects when the address is in use or not ours. */
export async function startProbes(options: ProbeOptions): Promise<ProbeServer> {
  const server = createServer(
    {
      maxHeaderSize: 8_192,
      headersTimeout: 5_000,
      requestTimeout: 5_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => void respond(options, request, response),
  );
  server.maxConnections = 64;
  await listen(server, options);
  server.on('error', options.onError);
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port, close: () => close(server) };
}

async function respond(options: ProbeOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // The client may go away at any time; that is no event worth a log line.
  response.on('error', () => undefined);
  const answer = await answerTo(options, request).catch((error: unknown): Answer => {
    options.onError(error instanceof Error ? error : new Error(String(error)));
    return { status: 500, body: 'internal error' };
  });
  const body = Buffer.from(answer.body);
  response.writeHead(answer.status, {
    'content-type': answer.contentType ?? TEXT,
    'content-length': body.byteLength,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answerTo(options: ProbeOptions, request: IncomingMessage): Promise<Answer> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const handler = HANDLERS.get(path);
  if (handler === undefined) return { status: 404, body: 'not found' };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    // Closing spares us the body that may follow.
    return { status: 405, body: 'method not allowed', headers: { allow: 'GET, HEAD', connection: 'close' } };
  }
  return handler(options, new URLSearchParams(query));
}

function ready({ snapshot }: ProbeOptions, query: URLSearchParams): Answer {
  const readiness = judgeReadiness(snapshot());
  const verbose = query.has('verbose') || !readiness.ready;
  return { status: readiness.ready ? 200 : 503, body: verbose ? readinessText(readiness) : 'ok' };
}

async function listen(server: Server, { host, port }: ProbeOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
