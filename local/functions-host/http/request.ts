import type { IncomingMessage } from 'node:http';

/** Where a request wants to go, with the dots of its path resolved. */
export interface RequestTarget {
  readonly url: URL;
  /** Still percent-encoded. */
  readonly path: string;
  /** Key of the host that the request carries, as `code` or in `x-functions-key`. */
  readonly key: string | undefined;
}

// More would let a caller put its own path in front of the real one.
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Reads the request line and `Host`; undefined when they make no URL. */
export function readTarget({ url: target = '', headers, headersDistinct }: IncomingMessage): RequestTarget | undefined {
  const { host = '' } = headers;
  // RFC 9112, 3.2: of two hosts neither counts.
  if (headersDistinct['host']?.length !== 1) return undefined;
  // Joined and not resolved: of `//elsewhere/path` a resolver would make another host.
  const text = target.startsWith('/') ? `http://${host}${target}` : target;
  if (!HOST.test(host) || !/^https?:\/\//i.test(text)) return undefined;
  const url = URL.parse(text);
  // The library's Request takes no URL with a name and a password in it.
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  const header = headers['x-functions-key'];
  const key = url.searchParams.get('code') ?? (typeof header === 'string' ? header : undefined);
  return { url, path: url.pathname, key };
}

// The platform sets these for an app and removes what a client sends under the same names; here nobody sets them.
const PLATFORM_HEADER = /^(?:x-(?:ms-client-principal|ms-token-|forwarded-|arr-|original-)|forwarded$|client-ip$)/;

/** Headers as the worker's protocol has them, without those that only the platform may set. */
export function readHeaders({ headersDistinct }: IncomingMessage): Record<string, { readonly value: string }> {
  const headers: Record<string, { value: string }> = Object.create(null);
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    if (!PLATFORM_HEADER.test(name)) headers[name] = { value: values.join(name === 'cookie' ? '; ' : ', ') };
  }
  return headers;
}

/** How a body ended. */
export type Body = { readonly kind: 'whole'; readonly bytes: Buffer } | { readonly kind: 'tooLarge' | 'aborted' };

/** Bytes of bodies that are in memory at this time, over all connections. */
export interface BodyBudget {
  readonly perRequest: number;
  readonly together: number;
  used: number;
}

/** Reads a body into memory within the budget; what follows after `tooLarge` is not read. */
export async function readBody(message: IncomingMessage, budget: BodyBudget): Promise<Body & { release(): void }> {
  let held = 0;
  const release = () => {
    budget.used -= held;
    held = 0;
  };
  if (Number(message.headers['content-length'] ?? 0) > budget.perRequest) return { kind: 'tooLarge', release };
  const chunks: Buffer[] = [];
  const ended = await new Promise<Body['kind']>((resolve) => {
    message.on('data', (chunk: Buffer) => {
      held += chunk.length;
      budget.used += chunk.length;
      chunks.push(chunk);
      if (held > budget.perRequest || budget.used > budget.together) resolve('tooLarge');
    });
    message.once('end', () => resolve('whole'));
    message.once('close', () => resolve('aborted'));
  });
  message.removeAllListeners('data').pause();
  if (ended === 'whole') return { kind: ended, bytes: joined(chunks), release };
  release();
  return { kind: ended, release };
}

function joined(chunks: readonly Buffer[]): Buffer {
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}
