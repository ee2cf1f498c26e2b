import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { ClusterAccess } from '../../../kubernetes/access.ts';
import { createAuthority } from '../certificates.ts';
import { listenOnLoopback } from '../listen.ts';
import type { Scope } from '../scope.ts';

/** A server on TLS that answers whatever a test wants, and how to reach it. */
export interface RawApi {
  readonly access: ClusterAccess;
  /** `METHOD path` of every request so far. */
  readonly asked: readonly string[];
}

/** Starts a server that ends with the scope. */
export async function startRawApi(
  scope: Scope,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<RawApi> {
  const authority = await createAuthority('Raw API');
  const { chain, key } = await authority.issue({ purpose: 'server' });
  const asked: string[] = [];
  const server = createServer({ cert: chain, key }, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  const port = await listenOnLoopback(scope, server);
  const credentials = async () => ({ ca: authority.certificate, token: 'a-token', certificate: undefined });
  const url = new URL(`https://127.0.0.1:${port}`);
  const access = { server: url, serverName: undefined, namespace: 'plant', credentials };
  return { access, asked };
}
