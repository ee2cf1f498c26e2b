import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../../agent/observe/logger.ts';
import { type Answer, send } from './respond.ts';

/** Where the host listens and how patient it is. */
export interface ServerOptions {
  readonly host: string;
  /** 0 lets the operating system choose. */
  readonly port: number;
  readonly limits: HttpLimits;
  readonly logger: Logger;
  readonly answer: (message: IncomingMessage) => Promise<Answer>;
}

/** How much of its time and memory the host gives to a client. */
export interface HttpLimits {
  /** Until all headers of a request are there; 408 after that. */
  readonly headersTimeoutMs: number;
  /** Until a request is there with its body; 408 after that. */
  readonly requestTimeoutMs: number;
  /** For which a connection stays open between two requests. */
  readonly keepAliveMs: number;
  readonly connections: number;
  /** Bytes of one body: 100 MB at the real host. */
  readonly bodyBytes: number;
  /** Bytes of all bodies that are in memory at the same time. */
  readonly bodiesBytes: number;
}

/** Limits of a host on one machine. */
export const HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveMs: 75_000,
  connections: 20_000,
  bodyBytes: 104_857_600,
  bodiesBytes: 268_435_456,
};

/** All header lines of a request together, as Kestrel has it; 431 beyond. */
const HEADER_BYTES = 32_768;

/** After so long without a byte in either direction a connection ends: the limit of Azure's load balancer. */
const SILENCE_MS = 230_000;

/** A server that listens. */
export interface HttpServer {
  readonly host: string;
  readonly port: number;
  /** Takes no connection any more and waits for the requests that run; after `graceMs` they are cut off. */
  stop(graceMs: number): Promise<void>;
}

/** Listens; rejects when the address is in use or not ours. */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { limits } = options;
  const state = { stopping: false };
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs / 2),
    },
    (message, response) => void respond(options, message, response, state),
  );
  server.maxConnections = limits.connections;
  server.setTimeout(SILENCE_MS);
  await listen(server, options);
  server.on('error', (error) => options.logger.error({ evt: 'HttpServerFailed', error }, 'the HTTP server failed'));
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    stop(graceMs) {
      state.stopping = true;
      return close(server, graceMs);
    },
  };
}

async function respond(
  { answer, logger }: ServerOptions,
  message: IncomingMessage,
  response: ServerResponse,
  state: { readonly stopping: boolean },
): Promise<void> {
  // Whoever asks may go away at any time; that is no event.
  response.on('error', () => undefined);
  message.on('error', () => undefined);
  const given = await answer(message).catch((error: unknown): Answer => {
    logger.error({ evt: 'RequestFailed', error }, 'a request could not be answered');
    return { status: 500 };
  });
  if (response.destroyed || response.headersSent) return;
  try {
    // What is left of a body would have to be read before another request.
    send(response, given, state.stopping || !message.complete);
  } catch (error) {
    logger.error({ evt: 'ResponseFailed', error }, 'a function gave an answer that cannot be sent');
    for (const name of response.getHeaderNames()) response.removeHeader(name);
    send(response, { status: 500 }, true);
  }
}

async function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
