import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a probe is answered. */
export interface Answer {
  readonly status: number;
  /** Plain text unless told. */
  readonly contentType?: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers one path. */
export type Handler = (query: URLSearchParams) => Answer | Promise<Answer>;

/** Where a probe server listens and what it answers. */
export interface ProbeServerOptions {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  /** By path. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** Told of an answer that could not be made; the caller logs it. */
  readonly onError: (error: Error) => void;
}

/** The running HTTP server of probes. */
export interface ProbeServer {
  readonly host: string;
  readonly port: number;
  /** Ends open connections too; resolves when the port is free. */
  close(): Promise<void>;
}

const TEXT = 'text/plain; charset=utf-8';

/** Says that the event loop turns and nothing more: a restart would bring nothing back that is elsewhere. */
export const alive: Handler = () => ({ status: 200, body: 'ok' });

/** Starts the server; rejects when the address is in use or not ours. */
export async function startProbeServer(options: ProbeServerOptions): Promise<ProbeServer> {
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

async function respond(options: ProbeServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
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

async function answerTo({ handlers }: ProbeServerOptions, request: IncomingMessage): Promise<Answer> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const handler = handlers.get(path);
  if (handler === undefined) return { status: 404, body: 'not found' };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    // Closing spares us the body that may follow.
    return { status: 405, body: 'method not allowed', headers: { allow: 'GET, HEAD', connection: 'close' } };
  }
  return handler(new URLSearchParams(query));
}

async function listen(server: Server, { host, port }: ProbeServerOptions): Promise<void> {
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
