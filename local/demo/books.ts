import type { Broker } from '../broker/broker.ts';
import type { Place } from './traffic.ts';

/** What became of the sample messages of one quality of service. */
export interface Account {
  readonly sent: number;
  readonly arrived: number;
  /** Arrivals beyond the first. */
  readonly repeated: number;
}

/** The demo's own count of its messages, at the brokers and apart from what the agents say. */
export interface Books {
  /** By QoS. */
  readonly accounts: () => Readonly<Record<0 | 1, Account>>;
  /** Messages of QoS 1 that were sent and have not arrived. */
  readonly missing: () => number;
}

/** Says that the first message in a direction has arrived. */
export type Arrival = (first: { readonly at: Place; readonly topic: string }) => void;

/**
 * Counts from now on. A topic counts from the first message for which there was a subscription: what comes before it is
 * nobody's to forward.
 */
export function openBooks(brokers: Readonly<Record<Place, Pick<Broker, 'events'>>>, onFirst: Arrival): Books {
  const missing = new Map<number, { readonly qos: 0 | 1; readonly from: Place }>();
  const taken = new Set<string>();
  const known = { 0: account(), 1: account() };
  const seen = new Set<Place>();
  let next = 0;

  for (const at of ['local', 'remote'] as const) {
    brokers[at].events.on('published', ({ clientId, topic, payload, receivers, qos }) => {
      const sample = sampleOf(payload);
      if (sample === undefined) return;
      if (clientId === undefined) {
        if (receivers > 0) taken.add(topic);
        if (taken.has(topic)) send(sample, { qos: qos === 0 ? 0 : 1, from: at });
        return;
      }
      arrive(sample, at, topic);
    });
  }

  function send(sample: number, message: { readonly qos: 0 | 1; readonly from: Place }): void {
    missing.set(sample, message);
    known[message.qos].sent += 1;
    next = sample + 1;
  }

  function arrive(sample: number, at: Place, topic: string): void {
    const message = missing.get(sample);
    if (message === undefined) {
      if (sample < next) known[1].repeated += 1;
      return;
    }
    missing.delete(sample);
    known[message.qos].arrived += 1;
    if (seen.has(at)) return;
    seen.add(at);
    onFirst({ at, topic });
  }

  return {
    accounts: () => ({ 0: { ...known[0] }, 1: { ...known[1] } }),
    missing: () => known[1].sent - known[1].arrived,
  };
}

function account() {
  return { sent: 0, arrived: 0, repeated: 0 };
}

function sampleOf(payload: Buffer): number | undefined {
  const digits = /^\{"sample":(\d{1,15})[,}]/.exec(payload.toString('utf8'))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
