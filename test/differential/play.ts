import type { IncomingPublish, OutgoingPublish, Version } from '../support/codec.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import type { Scope } from '../support/scope.ts';
import { type Arrival, arrivalOf } from './arrival.ts';
import { contenders } from './contenders.ts';
import { connectEndClient } from './end-client.ts';
import { type Contender, type End, type Flow, type Scenario, sourceEnd, sourceFilter, type Step } from './scenario.ts';

/** Who plays, in which MQTT version. */
export interface Cast {
  readonly contender: Contender;
  readonly version: Version;
}

/** What came to the tester's clients that is no part of the story: one way to say "the flow works", one "that was all". */
const PROBE = '~probe';
const MARKER = '~marker';
const DEADLINE_MS = 20_000;

/** Plays a scenario through one bridge between two fresh brokers, and returns what arrived, in order. */
export async function play(scope: Scope, scenario: Scenario, cast: Cast): Promise<readonly Arrival[]> {
  const stage = await setUp(scope, scenario, cast);
  await performAll(stage, scenario, scenario.steps);
  await sendMarkers(stage, scenario);
  return stage.seen.arrivals;
}

type Stage = Awaited<ReturnType<typeof setUp>>;

async function setUp(scope: Scope, { flows, inflight = 1000 }: Scenario, { contender, version }: Cast) {
  // The v5 bridge of Mosquitto 2.0.11 sends no valid CONNECT with max_inflight_messages 0 or 65535.
  const options = { persistence: true, maxInflight: inflight };
  const [local, remote] = await Promise.all([startMosquitto(scope, options), startMosquitto(scope, options)]);
  const proxy = await startFaultProxy(scope, { port: remote.port });
  const seen = createNotes();
  const clients = {
    local: await connectEndClient(scope, local.port, seen.note('local')),
    remote: await connectEndClient(scope, remote.port, seen.note('remote')),
  };
  const bridge = contenders[contender](scope, { local, remotePort: proxy.port, version, flows });
  return { contender, local, remote, proxy, seen, clients, bridge };
}

/** Writes down what arrives: the story's messages, and which probes and markers. */
function createNotes() {
  const arrivals: Arrival[] = [];
  const distinct = new Set<string>();
  const signals = new Set<string>();
  const note = (end: End) => (message: IncomingPublish) => {
    const text = message.payload.toString('utf8', 0, MARKER.length + 16);
    if (text.startsWith(PROBE) || text.startsWith(MARKER)) return void signals.add(text);
    const arrival = arrivalOf(end, message);
    arrivals.push(arrival);
    distinct.add(JSON.stringify([arrival.topic, arrival.payload]));
  };
  return { arrivals, signals, note, distinct: () => distinct.size };
}

async function performAll(stage: Stage, scenario: Scenario, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await perform(stage, scenario, step);
}

async function perform(stage: Stage, scenario: Scenario, step: Step): Promise<unknown> {
  const { bridge, clients, remote, proxy, seen } = stage;
  switch (step.kind) {
    case 'start':
      await bridge.start();
      return probe(stage, scenario.flows);
    case 'stop':
      return bridge.stop();
    case 'publish':
      return Promise.all([
        clients.local.publish(step.local ?? []),
        clients.remote.publish(step.remote ?? []),
        performAll(stage, scenario, step.meanwhile ?? []),
      ]);
    case 'arrived':
      return eventually(() => seen.distinct() >= step.count, { deadlineMs: DEADLINE_MS, describe: seen.distinct });
    case 'restart-remote':
      return remote.restart();
    case 'cut':
      return proxy.cutAll();
    case 'sever':
      return proxy.down();
    case 'mend':
      return proxy.up();
    case 'passing':
      return probe(stage, scenario.flows);
  }
}

async function probe({ clients, seen, contender, local, remote }: Stage, flows: readonly Flow[]): Promise<void> {
  for (const [index, flow] of flows.entries()) {
    const payload = `${PROBE} ${index}`;
    seen.signals.delete(payload);
    const arrived = async () => {
      await clients[sourceEnd(flow)].publish([{ topic: topicWithin(flow), payload }]);
      return seen.signals.has(payload);
    };
    const describe = () =>
      [
        `${contender} passes nothing along ${JSON.stringify(flow)}`,
        'local:',
        local.log(),
        'remote:',
        remote.log(),
      ].join('\n');
    await eventually(arrived, { describe });
  }
}

/** A message is behind all earlier ones of its flow and QoS (MQTT5 4.6): when it has arrived, nothing else will. */
async function sendMarkers({ clients, seen, contender }: Stage, { flows, steps }: Scenario): Promise<void> {
  const published = steps.flatMap((step) => (step.kind === 'publish' ? [step.local, step.remote] : []));
  const levels = new Set(published.flatMap((messages) => messages?.map(({ qos = 0 }) => qos) ?? []));
  const expected: string[] = [];
  for (const [index, flow] of flows.entries()) {
    const markers = [...levels].map((qos): OutgoingPublish => {
      const payload = `${MARKER} ${index} ${qos}`;
      expected.push(payload);
      return { topic: topicWithin(flow), payload, qos };
    });
    await clients[sourceEnd(flow)].publish(markers);
  }
  const missing = () => expected.filter((payload) => !seen.signals.has(payload));
  const describe = () => `${contender} misses ${missing().join(', ')} after ${seen.arrivals.length} messages`;
  await eventually(() => missing().length === 0, { deadlineMs: DEADLINE_MS, describe });
}

/** Some topic that the flow reads. */
function topicWithin(flow: Flow): string {
  return sourceFilter(flow).replaceAll(/[+#]/g, 'any');
}
