import type { QoS } from 'mqtt-packet';
import type { OutgoingPublish } from '../../support/codec.ts';
import type { Flow, Scenario } from '../scenario.ts';
import { fromLocal, fromRemote, QOS, series, start } from './words.ts';

const perQos = (direction: Flow['direction']): Flow[] => QOS.map((qos) => ({ direction, pattern: `q${qos}/#`, qos }));
const perQosTopics = QOS.map((qos) => `q${qos}/x`);
const everyQos = perQosTopics.flatMap((topic) => QOS.flatMap((qos) => series(`p${qos}`, 5, [topic], [qos])));

const narrow = (qos: QoS): Flow[] => [
  { direction: 'out', pattern: 'up/+', qos },
  { direction: 'in', pattern: 'down/+', qos },
];
const narrowSeries = (name: string, levels: readonly QoS[]) => series(name, 300, [`${name}/a`, `${name}/b`], levels);
const stalls =
  "MQTT5 4.9: Mosquitto 2.0.11's bridge stops for good when more QoS 2 messages come than its max_inflight_messages (its issues 2176, 2362, 3002).";
// Seen with a client of the tester's alone, too: seldom when it acknowledges at once, nearly always after a millisecond.
const unordered = {
  versions: [4, 5],
  because: 'Mosquitto 2.0.11 with a full window sends a new message before those that wait, against [MQTT-4.6.0-6].',
} as const;

/** How messages of every QoS, size and number get across. */
export const basics: readonly Scenario[] = [
  {
    name: 'take outward messages of every QoS along routes of every QoS',
    flows: perQos('out'),
    steps: [start, fromLocal(...everyQos)],
    arrivals: 45,
  },
  {
    name: 'take inward messages of every QoS along routes of every QoS',
    flows: perQos('in'),
    steps: [start, fromRemote(...everyQos)],
    arrivals: 45,
  },
  {
    name: 'take traffic in both directions at once without echo',
    flows: [
      { direction: 'out', pattern: 'telemetry/#', qos: 1 },
      { direction: 'in', pattern: 'command/#', qos: 1 },
    ],
    steps: [
      start,
      {
        kind: 'publish',
        local: series('up', 300, ['telemetry/a', 'telemetry/b'], [1]),
        remote: series('down', 300, ['command/a', 'command/b'], [1]),
      },
    ],
    arrivals: 600,
  },
  {
    name: 'keep a burst of 2,000 messages on ten topics in order',
    flows: [{ direction: 'out', pattern: 'burst/+', qos: 1 }],
    steps: [
      start,
      fromLocal(
        ...series(
          'burst',
          2000,
          Array.from({ length: 10 }, (_, number) => `burst/${number}`),
          [1],
        ),
      ),
    ],
    arrivals: 2000,
  },
  {
    name: 'keep each QoS of one topic in order when they alternate',
    flows: [{ direction: 'out', pattern: 'mixed', qos: 2 }],
    steps: [start, fromLocal(...series('mixed', 300, ['mixed'], [0, 1, 2, 2, 1, 0]))],
    arrivals: 300,
  },
  {
    name: 'take QoS 1 through windows of three messages',
    flows: narrow(1),
    inflight: 3,
    steps: [start, { kind: 'publish', local: narrowSeries('up', [1]), remote: narrowSeries('down', [1]) }],
    arrivals: 600,
    unordered,
  },
  {
    name: 'lose nothing at QoS 2 with the window that Mosquitto has by default',
    flows: narrow(2),
    inflight: 20,
    steps: [start, { kind: 'publish', local: narrowSeries('up', [1, 2]), remote: narrowSeries('down', [1, 2]) }],
    arrivals: 600,
    alone: stalls,
    unordered,
  },
  {
    name: 'obey brokers that take three messages of QoS 2 at a time',
    versions: [5],
    flows: narrow(2),
    inflight: 3,
    steps: [start, { kind: 'publish', local: narrowSeries('up', [1, 2]), remote: narrowSeries('down', [1, 2]) }],
    arrivals: 600,
    alone: stalls,
    unordered,
  },
  {
    name: 'take payloads from nothing to 1 MiB',
    flows: [
      { direction: 'out', pattern: 'size/#', qos: 1 },
      { direction: 'in', pattern: 'back/#', qos: 2 },
    ],
    steps: [
      start,
      {
        kind: 'publish',
        local: [0, 1, 64 * 1024, 1024 * 1024].map((size) => sized('size', size)),
        remote: [0, 1, 64 * 1024, 1024 * 1024].map((size) => sized('back', size)),
      },
    ],
    arrivals: 8,
  },
];

function sized(prefix: string, size: number): OutgoingPublish {
  return { topic: `${prefix}/${size}`, payload: Buffer.alloc(size, 'bytes '), qos: 2 };
}
