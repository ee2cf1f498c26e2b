import type { QoS } from 'mqtt-packet';
import type { OutgoingPublish } from '../support/codec.ts';
import { makePayload } from '../support/payload.ts';
import { PROPERTY } from '../support/properties.ts';
import type { Difference, Flow, Loss, Scenario, Step } from './scenario.ts';

const QOS: readonly QoS[] = [0, 1, 2];

const start: Step = { kind: 'start' };
const fromLocal = (...local: readonly OutgoingPublish[]): Step => ({ kind: 'publish', local });
const fromRemote = (...remote: readonly OutgoingPublish[]): Step => ({ kind: 'publish', remote });
const onEach = (topics: readonly string[]): OutgoingPublish[] =>
  topics.map((topic) => ({ topic, payload: `on ${topic}`, qos: 1 }));

/** Numbered messages on topics and QoS levels used in turn. */
function series(name: string, count: number, topics: readonly string[], levels: readonly QoS[]): OutgoingPublish[] {
  return Array.from({ length: count }, (_, number) => ({
    topic: topics[number % topics.length],
    payload: makePayload(name, number, 100),
    qos: levels[number % levels.length],
  }));
}

const perQos = (direction: Flow['direction']): Flow[] => QOS.map((qos) => ({ direction, pattern: `q${qos}/#`, qos }));
const perQosTopics = QOS.map((qos) => `q${qos}/x`);
const everyQos = perQosTopics.flatMap((topic) => QOS.flatMap((qos) => series(`p${qos}`, 5, [topic], [qos])));

const basics: readonly Scenario[] = [
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

const odd = ['a//b', '/lead', 'trail/', '/', '//', 'with space/x', 'a/b/c/d/e/f/g/h/i/j'];
const foreign = ['größe/ä', '温度/室内', 'emoji/🌡️', 'right/שלום'];

const topics: readonly Scenario[] = [
  {
    name: 'match + and # alike',
    flows: [
      { direction: 'out', pattern: '+/status', qos: 1 },
      { direction: 'out', pattern: 'a/+/b', qos: 1 },
      { direction: 'out', pattern: 'site/#', qos: 1 },
    ],
    steps: [
      start,
      fromLocal(
        ...onEach(['x/status', '/status', 'x/y/status', 'status', 'x/status/', 'a/1/b', 'a//b', 'a/b', 'a/1/2/b']),
        ...onEach(['site', 'site/', 'site/x/y', 'sites', 'Site/x']),
      ),
    ],
    arrivals: 7,
  },
  {
    name: 'leave topics that begin with $ out of #',
    flows: [{ direction: 'out', pattern: '#', qos: 1, remotePrefix: 'copy/', target: 'copy/${inputTopic}' }],
    steps: [start, fromLocal(...onEach(['plain', '$other/x', 'a/$b']))],
    arrivals: 2,
  },
  {
    name: 'keep empty levels, leading and trailing slashes outward',
    flows: [{ direction: 'out', pattern: '#', qos: 1 }],
    steps: [start, fromLocal(...onEach(odd))],
    arrivals: odd.length,
  },
  {
    name: 'keep empty levels, leading and trailing slashes inward',
    flows: [{ direction: 'in', pattern: '#', qos: 1 }],
    steps: [start, fromRemote(...onEach(odd))],
    arrivals: odd.length,
  },
  {
    name: 'keep topics of any script',
    flows: [{ direction: 'out', pattern: '+/+', qos: 1, remotePrefix: '站/', target: '站/${inputTopic}' }],
    steps: [start, fromLocal(...onEach(foreign))],
    arrivals: foreign.length,
  },
  {
    name: 'replace one prefix by another in both directions',
    flows: [
      {
        direction: 'out',
        pattern: '+/temp',
        qos: 1,
        localPrefix: 'dev/',
        remotePrefix: 'site7/up/',
        target: 'site7/up/${inputTopic.2}/temp',
      },
      {
        direction: 'in',
        pattern: '+/set',
        qos: 1,
        localPrefix: 'do/',
        remotePrefix: 'site7/down/',
        target: 'do/${inputTopic.3}/set',
      },
    ],
    steps: [
      start,
      { kind: 'publish', local: onEach(['dev/a/temp', 'dev//temp']), remote: onEach(['site7/down/b/set']) },
    ],
    arrivals: 3,
  },
  {
    name: 'put a prefix in front of everything below a filter',
    flows: [
      { direction: 'out', pattern: 'line/#', qos: 1, remotePrefix: 'plant/1/', target: 'plant/1/${inputTopic}' },
      { direction: 'in', pattern: 'order/#', qos: 1, localPrefix: 'cloud/', target: 'cloud/${inputTopic}' },
    ],
    steps: [
      start,
      { kind: 'publish', local: onEach(['line', 'line/a', 'line//b/']), remote: onEach(['order', 'order/1/2']) },
    ],
    arrivals: 5,
  },
  {
    name: 'rename one topic',
    flows: [
      { direction: 'out', pattern: '', qos: 1, localPrefix: 'oven/temp', remotePrefix: 'fleet/7', target: 'fleet/7' },
      { direction: 'in', pattern: '', qos: 1, localPrefix: 'oven/set', remotePrefix: 'fleet/set', target: 'oven/set' },
    ],
    steps: [start, { kind: 'publish', local: onEach(['oven/temp', 'oven']), remote: onEach(['fleet/set']) }],
    arrivals: 2,
  },
];

/** A live message that the source wanted retained. */
const retainLost = (topic: string): Difference => ({
  version: 4,
  topic,
  mosquitto: { fields: { retain: true } },
  ours: { fields: { retain: false } },
  because:
    'MQTT 3.1.1 [MQTT-3.3.1-9]: a broker clears RETAIN towards an established subscription. Mosquitto makes an exception for its own bridges, which read inside the broker or set a bit of the protocol version that the standard does not know.',
});

const retainedTwice: Difference = {
  topic: 'state/a',
  mosquitto: { repeated: true },
  ours: {},
  because:
    "MQTT5 3.3.1.3: a retained message is sent once per subscription. Mosquitto's bridge sends those of the local broker again whenever it connects (its issue 2248).",
};

const retained: readonly Scenario[] = [
  {
    name: 'keep the retain flag of live messages',
    flows: [
      { direction: 'out', pattern: 'state/#', qos: 1 },
      { direction: 'in', pattern: 'wish/#', qos: 1 },
    ],
    steps: [
      start,
      {
        kind: 'publish',
        local: [
          { topic: 'state/a', payload: 'on', qos: 1, retain: true },
          { topic: 'state/b', payload: 'not kept', qos: 1 },
        ],
        remote: [{ topic: 'wish/a', payload: 'off', qos: 1, retain: true }],
      },
    ],
    arrivals: 3,
    differences: [retainLost('state/a'), retainLost('wish/a')],
  },
  {
    name: 'take what was retained before the start',
    flows: [
      { direction: 'out', pattern: 'state/#', qos: 1 },
      { direction: 'in', pattern: 'wish/#', qos: 1 },
    ],
    steps: [
      {
        kind: 'publish',
        local: [
          { topic: 'state/a', payload: 'on', qos: 1, retain: true },
          { topic: 'state/b', payload: 'gone before', qos: 1 },
        ],
        remote: [{ topic: 'wish/a', payload: 'off', qos: 1, retain: true }],
      },
      start,
    ],
    arrivals: 2,
    differences: [retainedTwice],
  },
  {
    name: 'clear a retained message by an empty one',
    flows: [{ direction: 'out', pattern: 'state/#', qos: 1 }],
    steps: [
      start,
      fromLocal(
        { topic: 'state/a', payload: 'on', qos: 1, retain: true },
        { topic: 'state/a', payload: '', qos: 1, retain: true },
      ),
    ],
    arrivals: 2,
    differences: [retainLost('state/a')],
  },
];

const everyProperty: OutgoingPublish = {
  topic: 'props/all',
  payload: '{"t":21}',
  qos: 1,
  properties: [
    [PROPERTY.payloadFormatIndicator, 1],
    [PROPERTY.messageExpiryInterval, 3600],
    [PROPERTY.contentType, 'application/json'],
    [PROPERTY.responseTopic, 'answers/here'],
    [PROPERTY.correlationData, Buffer.from([0, 1, 255, 0])],
    [PROPERTY.userProperty, 'b', '1'],
    [PROPERTY.userProperty, 'a', '2'],
    [PROPERTY.userProperty, 'b', '1'],
    [PROPERTY.userProperty, '7', ''],
    [PROPERTY.userProperty, '', 'ß'],
  ],
};

const properties: readonly Scenario[] = [
  {
    name: 'hand on every property in its order, or none in MQTT 3.1.1',
    flows: [
      { direction: 'out', pattern: 'props/#', qos: 1 },
      { direction: 'in', pattern: 'reply/#', qos: 1 },
    ],
    steps: [
      start,
      {
        kind: 'publish',
        local: [everyProperty, { ...everyProperty, topic: 'props/qos0', qos: 0 }],
        remote: [{ ...everyProperty, topic: 'reply/all' }],
      },
    ],
    arrivals: 3,
  },
  {
    name: 'hand on each property alone',
    versions: [5],
    flows: [{ direction: 'out', pattern: 'props/+', qos: 2 }],
    steps: [
      start,
      fromLocal(
        ...(everyProperty.properties ?? []).map(
          (property, index): OutgoingPublish => ({
            topic: `props/${index}`,
            payload: 'text',
            qos: 2,
            properties: [property],
          }),
        ),
      ),
    ],
    arrivals: 10,
  },
];

const outward: Flow = { direction: 'out', pattern: 'out/#', qos: 2 };
const inward: Flow = { direction: 'in', pattern: 'in/#', qos: 2 };
const arrived = (count: number): Step => ({ kind: 'arrived', count });
const cut: Step = { kind: 'cut' };
const sever: Step = { kind: 'sever' };
const mend: Step = { kind: 'mend' };
const passing: Step = { kind: 'passing' };
const restart: Step = { kind: 'restart-remote' };
const stop: Step = { kind: 'stop' };

/** A third of the messages on a topic each, of one QoS. */
const perTopic = (end: 'out' | 'in', name: string, count: number) =>
  series(name, count, [`${end}/q1/a`, `${end}/q2`, `${end}/q1/b`], [1, 2, 1]);

const noSession =
  "MQTT5 3.1.2.11.2: without a Session Expiry Interval the session ends with the connection, and Mosquitto's v5 bridge sends none (its issues 1632, 2424).";
const inwardLost: Loss = {
  version: 5,
  topics: ['in/q1/a', 'in/q1/b', 'in/q2'],
  lost: 'all',
  because: `${noSession} So the remote broker queues nothing.`,
};
const handshakesLost: Loss = {
  version: 5,
  topics: ['out/q2'],
  lost: 'some',
  because: `${noSession} The remote broker then forgets QoS 2 messages whose PUBREL has not come, and the bridge does not send them again (MQTT5 4.3.3).`,
};

const faults: readonly Scenario[] = [
  {
    name: 'lose nothing outward when the connection is cut again and again',
    flows: [outward],
    steps: [
      start,
      { kind: 'publish', local: perTopic('out', 'up', 900), meanwhile: [arrived(200), cut, arrived(500), cut] },
      passing,
    ],
    arrivals: 900,
    repeats: true,
    losses: [handshakesLost],
  },
  {
    name: 'lose nothing outward when the remote broker restarts in the middle',
    flows: [outward],
    steps: [
      start,
      { kind: 'publish', local: perTopic('out', 'up', 900), meanwhile: [arrived(300), restart] },
      fromLocal(...perTopic('out', 'after', 30)),
      passing,
    ],
    arrivals: 930,
    repeats: true,
    losses: [handshakesLost],
  },
  {
    name: 'lose nothing while the remote broker cannot be reached',
    flows: [outward, inward],
    steps: [
      start,
      sever,
      { kind: 'publish', local: perTopic('out', 'up', 300), remote: perTopic('in', 'down', 300) },
      mend,
      passing,
    ],
    arrivals: 600,
    repeats: true,
    losses: [inwardLost],
  },
  {
    name: 'take what was published to their session while they were away',
    flows: [inward],
    steps: [start, stop, fromRemote(...perTopic('in', 'down', 300)), start],
    arrivals: 300,
    losses: [inwardLost],
  },
];

/** Everything that is played through both bridges. */
export const scenarios: readonly Scenario[] = [...basics, ...topics, ...retained, ...properties, ...faults];
