import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Scope } from '../../../support/scope.ts';

/** How to be Azure Resource Manager. */
export interface FakeArmOptions {
  /** PEM. */
  readonly tls: { readonly key: string; readonly cert: string };
  /** Bodies by path; anything else is 404. */
  readonly resources: Readonly<Record<string, unknown>>;
  /** Answers every request with this instead. */
  readonly status?: number;
  /** How far its clock is ahead. */
  readonly aheadSeconds?: number;
}

/** A small Azure Resource Manager on loopback. */
export interface FakeArm {
  readonly url: string;
  /** `path?query` of each request. */
  readonly requests: readonly string[];
}

/** Starts it; it wants a bearer token, and ends with the scope. */
export async function startFakeArm(scope: Scope, options: FakeArmOptions): Promise<FakeArm> {
  const requests: string[] = [];
  const server = createServer(options.tls, ({ url = '/', headers }, response) => {
    requests.push(url);
    const { pathname } = new URL(url, 'https://127.0.0.1');
    const body = options.resources[pathname];
    const authorized = headers.authorization?.startsWith('Bearer ') === true;
    const status = options.status ?? (authorized ? (body === undefined ? 404 : 200) : 401);
    const date = new Date(Date.now() + (options.aheadSeconds ?? 0) * 1_000).toUTCString();
    response.writeHead(status, { 'Content-Type': 'application/json', Date: date });
    response.end(JSON.stringify(status === 200 ? body : { error: { code: 'Nope' } }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  scope.onTestFinished(async () => {
    const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return { url: `https://127.0.0.1:${port}`, requests };
}
