import type { Broker } from '../broker/broker.ts';

/** Which broker a sample message is published at. */
export type Place = 'local' | 'remote';

/** One message of the sample traffic. */
export interface SampleMessage {
  readonly place: Place;
  readonly topic: string;
  /** Without the number that makes each message one of its kind. */
  readonly content: object;
  readonly qos: 0 | 1;
}

/** How often `sampleMessages` is asked, per second. */
export const TICKS_PER_SECOND = 10;

/** The messages of one tick: telemetry, alerts and readings upwards, commands downwards. */
export function sampleMessages(tick: number): SampleMessage[] {
  const messages: SampleMessage[] = ['furnace', 'press', 'oven'].map((machine, index) => ({
    place: 'local',
    topic: `telemetry/${machine}/temperature`,
    content: { celsius: temperature(tick, index) },
    qos: 1,
  }));
  messages.push({ place: 'local', topic: 'shared-sub-topic', content: { part: tick }, qos: 1 });
  if (tick % 2 === 0) messages.push({ place: 'local', topic: 'my-topic/foo', content: {}, qos: 0 });
  if (tick % 5 === 0) {
    const content = { command: 'set-point', celsius: temperature(tick, 0) };
    messages.push({ place: 'remote', topic: 'commands/factory', content, qos: 1 });
  }
  if (tick % TICKS_PER_SECOND === 0) {
    messages.push({ place: 'local', topic: 'alerts', content: { alert: 'door open' }, qos: 1 });
  }
  return messages;
}

/** Publishes the sample traffic until the returned function is called; `sample` in each payload counts up. */
export function startTraffic(brokers: Readonly<Record<Place, Pick<Broker, 'publish'>>>): () => void {
  let tick = 0;
  let sample = 0;
  const publish = (): void => {
    for (const { place, topic, content, qos } of sampleMessages(tick)) {
      brokers[place].publish({ topic, payload: JSON.stringify({ sample, ...content }), qos });
      sample += 1;
    }
    tick += 1;
  };
  publish();
  const timer = setInterval(publish, 1_000 / TICKS_PER_SECOND);
  return () => clearInterval(timer);
}

function temperature(tick: number, machine: number): number {
  return Math.round((180 + 20 * machine + 15 * Math.sin(tick / 50 + machine)) * 10) / 10;
}
