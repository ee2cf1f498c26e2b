import type { ServerResponse } from 'node:http';

/** An answer of the host or of a function. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | string;
}

/** What a function's HTTP answer is in the worker's protocol. */
interface RpcHttp {
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly RpcCookie[];
  readonly body?: { readonly bytes?: Uint8Array } | null;
}

interface RpcCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: { readonly value: string };
  readonly path?: { readonly value: string };
  readonly expires?: { readonly value: { readonly seconds: number } };
  readonly secure?: { readonly value: boolean };
  readonly httpOnly?: { readonly value: boolean };
  readonly sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone';
  readonly maxAge?: { readonly value: number };
}

/** Reads what a function returned; nothing becomes 204, as with the real host. */
export function answerOf(http: RpcHttp | undefined): Answer {
  if (http === undefined) return { status: 204 };
  const { statusCode = '200', cookies = [], body } = http;
  const headers: Record<string, string | readonly string[]> = { ...http.headers };
  if (cookies.length > 0) headers['set-cookie'] = cookies.map(cookieText);
  return { status: Number(statusCode), headers, ...(body?.bytes === undefined ? {} : { body: body.bytes }) };
}

// In the worker's protocol `none` means that nothing was said.
const SAME_SITE = { lax: 'Lax', strict: 'Strict', explicitNone: 'None' } as const;

function cookieText(cookie: RpcCookie): string {
  const { domain, path, expires, maxAge, secure, httpOnly, sameSite } = cookie;
  const parts = [`${encodeURIComponent(cookie.name)}=${encodeURIComponent(cookie.value)}`];
  if (domain !== undefined) parts.push(`Domain=${domain.value}`);
  if (path !== undefined) parts.push(`Path=${path.value}`);
  if (expires !== undefined) parts.push(`Expires=${new Date(expires.value.seconds * 1000).toUTCString()}`);
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge.value}`);
  if (secure?.value === true) parts.push('Secure');
  if (httpOnly?.value === true) parts.push('HttpOnly');
  if (sameSite !== undefined && sameSite !== 'none') parts.push(`SameSite=${SAME_SITE[sameSite]}`);
  return parts.join('; ');
}

// Lengths and the life of the connection are the host's to say.
const CONNECTION_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'upgrade',
  'trailer',
]);

/** Sends an answer whole; after `close` the connection takes no other request. */
export function send(response: ServerResponse, answer: Answer, close: boolean): void {
  const { status, headers = {}, body = '' } = answer;
  for (const [name, value] of Object.entries(headers)) {
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) response.setHeader(name, value);
  }
  if (close) response.setHeader('connection', 'close');
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  if (status !== 204 && status !== 304) response.setHeader('content-length', length);
  response.writeHead(status);
  // Of an answer to HEAD, Node keeps the length and drops the body.
  response.end(body);
}
