import type { OutgoingPublish } from '../../support/codec.ts';
import type { Flow, Scenario } from '../scenario.ts';
import { fromLocal, fromRemote, QOS, series, start } from './words.ts';

const perQos = (direction: Flow['direction']): Flow[] => QOS.map((qos) => ({ direction, pattern: `q${qos}/#`, qos }));
const perQosTopics = QOS.map((qos) => `q${qos}/x`);
const everyQos = perQosTopics.flatMap((topic) => QOS.flatMap((qos) => series(`p${qos}`, 5, [topic], [qos])));

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
