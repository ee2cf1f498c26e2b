import { request as requestPlain, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as requestSecure } from 'node:https';

/** Where requests go and how long they may take. */
export interface HttpTarget {
  readonly url: string;
  /** Milliseconds until the whole answer must be there. */
  readonly timeoutMs: number;
  /** Sent as `Authorization: Bearer …`. */
  readonly bearerToken?: string | undefined;
  /** PEM of what signed the certificate of an HTTPS server; the well-known authorities when absent. */
  readonly authority?: string | undefined;
}

/** One request. */
export interface HttpCall {
  readonly method: 'OPTIONS' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What came back. */
export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Bytes of an answer that are read at most. */
const LONGEST_ANSWER = 64 * 1024;

async function textOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > LONGEST_ANSWER) throw new Error(`the answer is longer than ${LONGEST_ANSWER} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Sends one request on a connection of its own; rejects when no whole answer comes in time. */
export async function sendRequest(target: HttpTarget, { method, headers, body = '' }: HttpCall): Promise<HttpReply> {
  const { url, timeoutMs, bearerToken, authority } = target;
  const send = new URL(url).protocol === 'https:' ? requestSecure : requestPlain;
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      ...(authority === undefined ? {} : { ca: authority }),
      headers: {
        ...headers,
        'content-length': Buffer.byteLength(body),
        ...(bearerToken === undefined ? {} : { authorization: `Bearer ${bearerToken}` }),
      },
    };
    send(url, options, resolve).on('error', reject).end(body);
  });
  return { status: message.statusCode ?? 0, headers: message.headers, body: await textOf(message) };
}
