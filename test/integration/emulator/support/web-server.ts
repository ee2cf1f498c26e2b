import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers a request, or leaves it without an answer. */
export type Answer = (request: SeenRequest, response: ServerResponse) => void;

/** A web server on a free port, closed with the test. */
export interface WebServer {
  readonly url: string;
  /** In the order they came. */
  readonly requests: readonly SeenRequest[];
  /** Answers from now on. */
  answer: Answer;
  close(): Promise<void>;
}

/** Starts a web server, with TLS when its certificate is given. */
export async function startWebServer(answer: Answer, tls?: ServerOptions): Promise<WebServer> {
  const requests: SeenRequest[] = [];
  const take = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of message as AsyncIterable<Buffer>) parts.push(part);
    const request = { method: message.method, headers: message.headers, body: Buffer.concat(parts).toString() };
    requests.push(request);
    web.answer(request, response);
  };
  const serve = (message: IncomingMessage, response: ServerResponse): void => void take(message, response);
  const server = tls === undefined ? createServer(serve) : createSecureServer(tls, serve);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const web: WebServer = {
    url: tls === undefined ? `http://127.0.0.1:${port}/hook` : `https://localhost:${port}/hook`,
    requests,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  onTestFinished(() => web.close());
  return web;
}

/** Answers with a status and a value as JSON. */
export function json(value: unknown, status = 200): Answer {
  return (_request, response) => void response.writeHead(status).end(JSON.stringify(value));
}
