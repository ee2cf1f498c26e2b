import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { parseAllDocuments } from 'yaml';
import { startApi, type TestApi } from './control-plane-api.ts';
import type { Scope } from './scope.ts';

/** A control plane on loopback: its HTTP API over the embedded store, without the rest of a Functions host. */
export interface ControlPlaneServer extends TestApi {
  readonly url: string;
  /** The key that agents may report with. */
  readonly agentKey: string;
  /** Applies a YAML text to site `plant`. */
  apply(yaml: string): Promise<void>;
  /** Ends every connection and takes no more. */
  stop(): Promise<void>;
  /** Listens again, at the same port. */
  start(): Promise<void>;
}

/** What a test replaces. */
export interface ControlPlaneServerOptions {
  /** Whether this is the credential of an agent; the key unless told. */
  readonly accepts?: (credential: string) => Promise<boolean>;
  /** Seconds between two reports of an agent, 1 unless told. */
  readonly interval?: number;
}

/** Starts one; it ends with the scope. */
export async function startControlPlane(
  scope: Scope,
  options: ControlPlaneServerOptions = {},
): Promise<ControlPlaneServer> {
  const agentKey = 'canary-agent-key-4711';
  const { accepts = async (credential: string) => credential === agentKey, interval = 1 } = options;
  const api = await startApi(scope, {
    settings: { MQTTBRIDGE_REPORT_INTERVAL_SECONDS: interval },
    authorize: async (headers) => {
      const credential = headers.get('authorization')?.slice('Bearer '.length) ?? '';
      if (credential === 'writer') {
        return { kind: 'caller', caller: { id: 'key:writer', roles: new Set(['Bridge.Write']) } };
      }
      if (await accepts(credential)) {
        return { kind: 'caller', caller: { id: 'key:agent', roles: new Set(['Bridge.Agent']) } };
      }
      return { kind: 'unauthenticated', why: 'no key of the test' };
    },
  });
  let server = await listen(api, 0);
  const { port } = server.address() as AddressInfo;
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  scope.onTestFinished(stop);
  return {
    ...api,
    url: `http://127.0.0.1:${port}`,
    agentKey,
    async apply(yaml) {
      const body = parseAllDocuments(yaml).map((document) => document.toJS() as unknown);
      const answer = await api.send('POST /api/sites/plant/apply', { body });
      if (answer.status !== 200) throw new Error(answer.text);
    },
    stop,
    async start() {
      server = await listen(api, port);
    },
  };
}

async function listen(api: TestApi, port: number): Promise<Server> {
  const server = createServer((request, response) => void respond(api, request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

async function respond(api: TestApi, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/' } = request;
  const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const body = method === 'GET' ? null : (Readable.toWeb(request) as ReadableStream<Uint8Array>);
  const answer = await api.raw({ target: `${method} ${url}`, method, headers, body });
  response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
}
