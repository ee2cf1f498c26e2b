import { setTimeout as delay } from 'node:timers/promises';
import { createClientSession } from '../support/client-session.ts';
import type { IncomingPublish, OutgoingPublish } from '../support/codec.ts';
import { eventually } from '../support/eventually.ts';
import { connectRawClient, type RawClient } from '../support/raw-client.ts';
import { createScope, type Scope } from '../support/scope.ts';

/** The tester's client at one broker: publishes there, and sees everything that others publish. */
export interface EndClient {
  readonly publish: (messages: readonly OutgoingPublish[]) => Promise<void>;
}

const RECONNECT_MS = 10;
const SESSION_SECONDS = 3600;

/**
 * Connects with MQTT 5, so that flags and properties show whatever version the bridge speaks: Retain As Published and
 * No Local (MQTT5 3.8.3.1). Its session outlives restarts of the broker.
 */
export async function connectEndClient(
  scope: Scope,
  port: number,
  onMessage: (message: IncomingPublish) => void,
): Promise<EndClient> {
  const session = createClientSession();
  const connections = createScope();
  const ended = new AbortController();
  let current: RawClient | undefined;
  const live = async () => {
    const options = { clientId: 'tester', clean: false, sessionExpiry: SESSION_SECONDS, session, onMessage };
    const client = await connectRawClient(connections, { port, ...options });
    if (!client.connack.sessionPresent) await client.subscribe([{ topic: '#', qos: 2, nl: true, rap: true }]);
    current = client;
    await client.closed;
  };
  const run = async () => {
    while (!ended.signal.aborted) {
      // The broker may be down for a while; who waits for it has the deadline.
      await live().catch(() => undefined);
      current = undefined;
      if (!ended.signal.aborted) await delay(RECONNECT_MS);
    }
  };
  const running = run();
  scope.onTestFinished(async () => {
    ended.abort();
    await connections.close();
    await running;
  });
  const connected = () => eventually(() => (current?.open() ? current : undefined));
  await connected();
  return {
    async publish(messages) {
      if (messages.length === 0) return;
      const client = await connected();
      await client.publishAll(messages);
    },
  };
}
