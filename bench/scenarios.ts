import type { ContenderName } from './contenders/contender.ts';
import type { MessageShape, MqttVersion, Qos } from './load/frames.ts';

/** How messages are offered: as fast as `window` allows, or at a fixed rate per second. */
export type Offer =
  | { readonly kind: 'closed'; readonly window: number }
  | { readonly kind: 'paced'; readonly rate: number };

export type Group = 'throughput' | 'alone' | 'latency' | 'lanes' | 'start';

/** One row of the comparison. */
export interface Scenario {
  readonly name: string;
  readonly group: Group;
  readonly title: string;
  /** Between two Mosquitto brokers, or between the synthetic source and sink. */
  readonly between: 'brokers' | 'synthetic';
  readonly shape: MessageShape;
  readonly routes: number;
  readonly offer: Offer;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly contenders: readonly ContenderName[];
  /** Whether the brokers send small packets at once; Mosquitto's default, joining them, would be all that latency shows. */
  readonly nodelay: boolean;
}

const bridges: readonly ContenderName[] = ['mosquitto', 'plain', 'pipelined', 'ours'];
/** Messages between send and receipt: enough that the bridge is never idle, few enough that no broker drops QoS 0. */
const window = 1000;
/** Synthetic ends answer at once, so more is needed to keep full reads coming. */
const aloneWindow: Readonly<Record<Qos, number>> = { 0: 4000, 1: 1000 };
const shapeOf = (qos: Qos, version: MqttVersion, payloadBytes = 128, userProperties = 0): MessageShape => ({
  version,
  qos,
  payloadBytes,
  userProperties,
});
const sizeName = (bytes: number) => (bytes === 1024 ? '1k' : String(bytes));
const versionTitle = (version: MqttVersion) => (version === 5 ? 'v5' : 'v3.1.1');

function throughput(shape: MessageShape): Scenario {
  const { qos, version, payloadBytes, userProperties } = shape;
  const suffix = userProperties > 0 ? '-props' : '';
  const extra = userProperties > 0 ? `, ${userProperties} user properties` : '';
  return {
    name: `qos${qos}-${sizeName(payloadBytes)}-v${version}${suffix}`,
    group: 'throughput',
    title: `QoS ${qos}, ${payloadBytes} B, ${versionTitle(version)}${extra}`,
    between: 'brokers',
    shape,
    routes: 1,
    offer: { kind: 'closed', window },
    warmMs: 700,
    measureMs: 1500,
    contenders: bridges,
    nodelay: false,
  };
}

/** The same with brokers that send every packet at once: dearer for them, and more so the faster the bridge reads. */
function atOnce(scenario: Scenario): Scenario {
  return {
    ...scenario,
    name: `${scenario.name}-nodelay`,
    title: `${scenario.title}, brokers with TCP_NODELAY`,
    contenders: ['mosquitto', 'ours'],
    nodelay: true,
  };
}

function alone(qos: Qos, version: MqttVersion): Scenario {
  return {
    name: `alone-qos${qos}-128-v${version}`,
    group: 'alone',
    title: `QoS ${qos}, 128 B, ${versionTitle(version)}`,
    between: 'synthetic',
    shape: shapeOf(qos, version),
    routes: 1,
    offer: { kind: 'closed', window: aloneWindow[qos] },
    warmMs: 1000,
    measureMs: 2000,
    contenders: ['null', 'pipelined', 'ours'],
    nodelay: true,
  };
}

function latency(qos: Qos): Scenario {
  return {
    name: `latency-qos${qos}`,
    group: 'latency',
    title: `QoS ${qos}, 128 B, v3.1.1, 2,000 msg/s`,
    between: 'brokers',
    shape: shapeOf(qos, 4),
    routes: 1,
    offer: { kind: 'paced', rate: 2000 },
    warmMs: 1000,
    measureMs: 2000,
    contenders: ['direct', ...bridges],
    nodelay: true,
  };
}

/** 1,000 msg/s: one message per turn of the load's timer, so that no lane count gets fuller reads than another. */
function lanes(routes: number): Scenario {
  return {
    name: `lanes-${routes}`,
    group: 'lanes',
    title: `${routes} ${routes === 1 ? 'lane' : 'lanes'}, QoS 1, 128 B, v3.1.1, 1,000 msg/s in all`,
    between: 'brokers',
    shape: shapeOf(1, 4),
    routes,
    offer: { kind: 'paced', rate: 1000 },
    warmMs: 1000,
    measureMs: 3000,
    contenders: ['mosquitto', 'pipelined', 'ours'],
    nodelay: true,
  };
}

const start: Scenario = {
  ...latency(1),
  name: 'start',
  group: 'start',
  title: 'Process spawn to first message across',
  warmMs: 0,
  measureMs: 100,
  contenders: bridges,
};

/** Everything `npm run bench` measures, in this order. */
export const scenarios: readonly Scenario[] = [
  throughput(shapeOf(1, 4)),
  throughput(shapeOf(0, 4)),
  throughput(shapeOf(1, 5)),
  throughput(shapeOf(0, 5)),
  throughput(shapeOf(1, 5, 128, 3)),
  atOnce(throughput(shapeOf(1, 4))),
  atOnce(throughput(shapeOf(0, 4))),
  throughput(shapeOf(1, 4, 1024)),
  throughput(shapeOf(0, 4, 1024)),
  throughput(shapeOf(1, 5, 1024)),
  throughput(shapeOf(0, 5, 1024)),
  alone(1, 4),
  alone(0, 4),
  alone(1, 5),
  latency(1),
  latency(0),
  lanes(1),
  lanes(100),
  lanes(1000),
  start,
];
