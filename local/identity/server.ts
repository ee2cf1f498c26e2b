import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Endpoint, IdentityAnswer, IdentityRequest } from './endpoint.ts';
import type { TokenIssuer } from './issuer.ts';

/** What goes wrong at an identity server, until another fault or none is set. */
export type IdentityFault =
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'status'; readonly status: 404 | 410 | 500 }
  /** Tokens are for this audience, whatever was asked for. */
  | { readonly kind: 'audience'; readonly audience: string }
  /** Takes the request and never answers. */
  | { readonly kind: 'blackHole' }
  /**
   * The sidecar does not redirect requests yet: they meet a service that knows no token (404), and on a connection that is
   * kept alive they still do when the fault is over.
   */
  | { readonly kind: 'notRedirected' };

/** How to run an identity server. */
export interface IdentityServerOptions {
  readonly issuer: TokenIssuer;
  /** Asked in turn; see imds.ts, arc.ts and entra.ts. */
  readonly endpoints: readonly Endpoint[];
  /** Audiences the tenant knows, without slash at the end; all when absent. */
  readonly audiences?: readonly string[];
  /** A free port when absent. */
  readonly port?: number;
  /** PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A token endpoint on loopback, with the public keys of its issuer at `/discovery/v2.0/keys` and `/TENANT/discovery/v2.0/keys`. */
export interface IdentityServer {
  /** `http://127.0.0.1:PORT`, without slash at the end. */
  readonly url: string;
  /** Requests for tokens so far, oldest first; without what they carried as secret. */
  readonly requests: readonly string[];
  setFault(fault: IdentityFault | undefined): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Where verifiers fetch the public keys, of all tenants or of one. */
const JWKS_PATH = /^(?:\/[^/]+)?\/discovery\/v2\.0\/keys$/;
const NOT_FOUND: IdentityAnswer = { status: 404, body: { error: 'not_found' } };

/** Starts an identity server on loopback. */
export async function startIdentityServer(options: IdentityServerOptions): Promise<IdentityServer> {
  const { issuer, endpoints, audiences, port = 0, tls } = options;
  const requests: string[] = [];
  const bypassing = new WeakSet<Socket>();
  let fault: IdentityFault | undefined;

  async function issue(audience: string) {
    if (audiences !== undefined && !audiences.includes(audience.replace(/\/$/, ''))) return undefined;
    return issuer.issue(fault?.kind === 'audience' ? fault.audience : audience);
  }

  async function answer(request: IdentityRequest, socket: Socket): Promise<IdentityAnswer | undefined> {
    if (JWKS_PATH.test(request.path)) return { status: 200, body: issuer.jwks };
    requests.push(`${request.method} ${request.path}?${request.query.toString()}`);
    if (fault?.kind === 'notRedirected') bypassing.add(socket);
    if (bypassing.has(socket)) return NOT_FOUND;
    if (fault?.kind === 'blackHole') return undefined;
    if (fault?.kind === 'slow') await delay(fault.delayMs);
    if (fault?.kind === 'status') return { status: fault.status, body: { error: 'fault' } };
    for (const endpoint of endpoints) {
      const given = await endpoint(request, issue);
      if (given !== undefined) return given;
    }
    return NOT_FOUND;
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = await answer(await read(message), message.socket);
    if (given === undefined) return;
    response.writeHead(given.status, { 'Content-Type': 'application/json', ...given.headers });
    response.end(JSON.stringify(given.body));
  }

  const listener = (message: IncomingMessage, response: ServerResponse) =>
    void handle(message, response).catch(() => response.destroy());
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${bound}`,
    requests,
    setFault(next) {
      fault = next;
    },
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function read(message: IncomingMessage): Promise<IdentityRequest> {
  const { method = 'GET', url = '/', headers } = message;
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const form = new URLSearchParams(method === 'POST' ? await text(message) : '');
  return { method, path: pathname, query: searchParams, headers, form };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
