import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Identity } from '../certificates.ts';
import type { Scope } from '../scope.ts';

/** A CloudEvent as it came. */
export type ReceivedAlert = Readonly<Record<string, unknown>> & { readonly type: string; readonly id: string };

/** Stands for an Event Grid custom topic. */
export interface AlertTopic {
  readonly endpoint: string;
  readonly alerts: ReceivedAlert[];
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers'] }[];
  /** What it answers: a status, or nothing at all. */
  answer: number | 'silence';
}

/** Starts one on loopback; with an identity it speaks TLS. */
export async function startAlertTopic(scope: Scope, identity?: Identity): Promise<AlertTopic> {
  const alerts: ReceivedAlert[] = [];
  const requests: AlertTopic['requests'] = [];
  const take: RequestListener = (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      requests.push({ url: request.url ?? '', headers: request.headers });
      if (topic.answer === 'silence') return;
      if (topic.answer < 300) alerts.push(...(JSON.parse(text) as ReceivedAlert[]));
      response.writeHead(topic.answer).end();
    });
  };
  const server = identity ? createHttps({ cert: identity.chain, key: identity.key }, take) : createHttp(take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const topic: AlertTopic = {
    endpoint: `${identity ? 'https' : 'http'}://127.0.0.1:${port}/api/events`,
    alerts,
    requests,
    answer: 200,
  };
  scope.onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return topic;
}
