import type { QoS } from 'mqtt-packet';
import type { OutgoingPublish } from '../../support/codec.ts';
import { makePayload } from '../../support/payload.ts';
import type { Step } from '../scenario.ts';

/** Every quality of service. */
export const QOS: readonly QoS[] = [0, 1, 2];

/** Starts the bridge. */
export const start: Step = { kind: 'start' };
/** Publishes at the local broker. */
export const fromLocal = (...local: readonly OutgoingPublish[]): Step => ({ kind: 'publish', local });
/** Publishes at the remote broker. */
export const fromRemote = (...remote: readonly OutgoingPublish[]): Step => ({ kind: 'publish', remote });

/** One message of QoS 1 on each topic. */
export const onEach = (topics: readonly string[]): OutgoingPublish[] =>
  topics.map((topic) => ({ topic, payload: `on ${topic}`, qos: 1 }));

/** Numbered messages on topics and QoS levels used in turn. */
export function series(
  name: string,
  count: number,
  topics: readonly string[],
  levels: readonly QoS[],
): OutgoingPublish[] {
  return Array.from({ length: count }, (_, number) => ({
    topic: topics[number % topics.length],
    payload: makePayload(name, number, 100),
    qos: levels[number % levels.length],
  }));
}
