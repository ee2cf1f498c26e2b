import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as send, type RequestOptions } from 'node:https';
import { createInterface } from 'node:readline';
import { parse } from 'yaml';
import type { Scope } from '../scope.ts';

/** What a test reads of an object, list or Status, whichever it expects to be there. */
export interface Answered {
  readonly [field: string]: Answered;
}

/** The same where a list is expected. */
export function listOf(answered: Answered): readonly Answered[] {
  return answered as unknown as readonly Answered[];
}

/** The same where a text is expected. */
export function textOf(answered: Answered): string {
  return answered as unknown as string;
}

/** What an API server answered. */
export interface Reply {
  readonly code: number;
  readonly body: Answered;
}

/** An event of a watch. */
export interface Watched {
  readonly type: string;
  readonly object: Reply['body'];
}

/** A watch that is open. */
export interface OpenWatch {
  readonly code: number;
  /** All events so far. */
  readonly events: readonly Watched[];
  /** Whether the server has ended it. */
  readonly ended: () => boolean;
}

/** Talks to any API server as a kubeconfig says, with nothing between the test and HTTP. */
export interface PlainClient {
  readonly call: (method: string, path: string, body?: unknown, contentType?: string) => Promise<Reply>;
  /** Opens a watch that ends with the scope. */
  readonly watch: (scope: Scope, path: string) => Promise<OpenWatch>;
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data'?: string };
  }[];
  readonly users: readonly { readonly user: Readonly<Record<string, string>> }[];
}

/** A client for the first cluster and user of a kubeconfig (YAML with embedded data). */
export function plainClient(kubeconfig: string): PlainClient {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig;
  const { server, 'certificate-authority-data': ca } = clusters[0].cluster;
  const { user } = users[0];
  const options: RequestOptions = {
    ...(ca ? { ca: decoded(ca) } : {}),
    ...(user['client-certificate-data'] ? { cert: decoded(user['client-certificate-data']) } : {}),
    ...(user['client-key-data'] ? { key: decoded(user['client-key-data']) } : {}),
  };
  async function open(method: string, path: string, sent?: { body: unknown; type: string }): Promise<IncomingMessage> {
    const text = sent && JSON.stringify(sent.body);
    const headers = {
      'user-agent': 'plain-client',
      ...(user['token'] ? { authorization: `Bearer ${user['token']}` } : {}),
      ...(sent ? { 'content-type': sent.type, 'content-length': Buffer.byteLength(text ?? '') } : {}),
    };
    const request = send(new URL(path, server), { ...options, method, headers });
    request.end(text);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return response;
  }
  return {
    async call(method, path, body, type = 'application/json') {
      const response = await open(method, path, body === undefined ? undefined : { body, type });
      const text = (await response.toArray()).join('');
      return { code: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text };
    },
    async watch(scope, path) {
      const response = await open('GET', path);
      const events: Watched[] = [];
      let over = false;
      response.on('close', () => (over = true));
      scope.onTestFinished(() => void response.destroy());
      const lines = createInterface({ input: response });
      lines.on('line', (line) => events.push(JSON.parse(line) as Watched));
      // It passes on the errors of its input.
      lines.on('error', () => (over = true));
      return { code: response.statusCode ?? 0, events, ended: () => over };
    },
  };
}

function decoded(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}
