import { setTimeout as delay } from 'node:timers/promises';
import type { ISubscription, QoS } from 'mqtt-packet';
import { createClientSession } from './client-session.ts';
import { type ConsumerLog, createConsumerLog, createProducerLog, type ProducerLog } from './delivery.ts';
import { eventually } from './eventually.ts';
import type { OutgoingPublish } from './codec.ts';
import { connectRawClient, type RawClient, type RawClientOptions } from './raw-client.ts';
import { createScope, type Scope } from './scope.ts';

type Connection = Omit<RawClientOptions, 'clientId' | 'clean' | 'session' | 'onMessage' | 'autoAck'>;

/** A stream of numbered messages; connection fields as for a raw client. */
export interface ProducerOptions extends Connection {
  /** Producer name in the log and client ID. */
  readonly name: string;
  /** Used in turn. */
  readonly topics: readonly string[];
  readonly qos?: QoS;
  /** Payload bytes, 128 unless told. */
  readonly size?: number;
  /** Messages in all; endless (until `stop`) unless told. */
  readonly count?: number;
  /** Messages a second; as fast as acks come unless told. */
  readonly rate?: number;
  /** Most messages in flight, 100 unless told; never above 20 at QoS 2 in MQTT 3.1.1. */
  readonly window?: number;
}

/** A producer at work. It connects again when it is cut off and sends what was not acknowledged once more. */
export interface Producer {
  readonly log: ProducerLog;
  /** Stops making messages, and resolves when all are acknowledged. */
  readonly stop: () => Promise<void>;
  /** Resolves when all `count` messages (or all until `stop`) are acknowledged. */
  readonly done: Promise<void>;
}

/** A subscriber with a session that outlives its connections, which writes down what it gets. */
export interface Consumer {
  readonly log: ConsumerLog;
  /** Waits until so many different messages have come. */
  readonly received: (distinct: number, deadlineMs?: number) => Promise<void>;
  /** Connections made so far. */
  readonly connections: () => number;
}

/** Fields of a consumer: connection fields as for a raw client. */
export interface ConsumerOptions extends Connection {
  readonly clientId: string;
  readonly filters: string | readonly ISubscription[];
  readonly qos?: QoS;
}

const RECONNECT_MS = 20;
const SESSION_SECONDS = 3600;

/** Starts a producer; it stops making messages with the scope at the latest. */
export function startProducer(scope: Scope, options: ProducerOptions): Producer {
  const { name, topics, qos = 1, size = 128, count = Number.POSITIVE_INFINITY, rate } = options;
  const log = createProducerLog(name);
  let stopped = false;
  const ended = new AbortController();
  const began = performance.now();
  const due = () => (rate ? Math.floor(((performance.now() - began) * rate) / 1000) : Number.POSITIVE_INFINITY);
  const next = (): OutgoingPublish => {
    const topic = topics[log.sent.length % topics.length];
    return { topic, payload: log.next(topic, size), qos };
  };
  const making = () => !stopped && log.sent.length < count;
  const link = keepConnected(scope, { ...options, clientId: name }, async () => undefined);
  scope.onTestFinished(() => {
    stopped = true;
    ended.abort();
  });
  const run = async () => {
    while (making() && !ended.signal.aborted) {
      const client = await link.client();
      if (!client) break;
      const burst = function* () {
        while (making() && client.open() && log.sent.length < due()) yield next();
      };
      await client.publishAll(burst(), safeWindow(options));
      if (making()) await delay(rate ? 5 : 0);
    }
    await eventually(() => ended.signal.aborted || link.session.inFlight() === 0, { deadlineMs: 60_000 });
  };
  const done = run();
  done.catch(() => undefined);
  const stop = () => {
    stopped = true;
    return done;
  };
  return { log, done, stop };
}

/** Mosquitto 2.0.11 loses QoS 2 messages of MQTT 3.1.1 clients beyond its `max_inflight_messages`, 20 by default. */
function safeWindow({ version, qos, window = 100 }: ProducerOptions): number {
  return version === 4 && qos === 2 ? Math.min(window, 20) : window;
}

/** Starts a consumer and resolves when it has subscribed; it ends with the scope. */
export async function startConsumer(scope: Scope, options: ConsumerOptions): Promise<Consumer> {
  const log = createConsumerLog();
  const { filters, qos = 1 } = options;
  const connected = {
    ...options,
    onMessage: (message: { topic: string; payload: Buffer }) => log.record(message.topic, message.payload),
  };
  const link = keepConnected(scope, connected, async (client) => {
    if (!client.connack.sessionPresent) await client.subscribe(filters, qos);
  });
  await link.client();
  return {
    log,
    connections: link.connections,
    async received(distinct, deadlineMs = 20_000) {
      const describe = () => `${log.distinct()} of ${distinct} messages`;
      await eventually(() => log.distinct() >= distinct, { deadlineMs, describe });
    },
  };
}

/** Keeps one client connected until the scope ends; `prepare` runs on every new connection before it is handed out. */
function keepConnected(scope: Scope, options: RawClientOptions, prepare: (client: RawClient) => Promise<void>) {
  const session = createClientSession();
  // Of its own, because connections also come when the test is about to end.
  const connections = createScope();
  const ended = new AbortController();
  let current: RawClient | undefined;
  let made = 0;
  const connected = { ...options, session, clean: false, sessionExpiry: SESSION_SECONDS };
  const attempt = async () => {
    const client = await connectRawClient(connections, connected);
    await prepare(client);
    made++;
    current = client;
    await client.closed;
  };
  const work = async () => {
    while (!ended.signal.aborted) {
      // Whatever went wrong, the broker may be back a moment later; who waits for it has the deadline.
      await attempt().catch(() => undefined);
      current = undefined;
      if (!ended.signal.aborted) await delay(RECONNECT_MS);
    }
  };
  const working = work();
  scope.onTestFinished(async () => {
    ended.abort();
    await connections.close();
    await working;
  });
  const client = async () => {
    await eventually(() => ended.signal.aborted || current?.open(), { deadlineMs: 60_000 });
    return current;
  };
  return { session, client, connections: () => made };
}
