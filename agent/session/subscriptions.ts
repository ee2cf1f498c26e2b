import { sentenceOf } from '../../shared/reason-codes.ts';
import type { Lane } from '../forward/lane.ts';
import type { Control } from './mqtt-client.ts';

/** A lane's subscription on its source session. */
export interface Subscription {
  readonly filter: string;
  readonly lane: Lane;
  /** Why the broker refused it, when it did. */
  fault?: string;
}

/** What subscriptions need from their session. */
export interface SubscriptionsParts {
  /** True when this session also publishes, so that its own messages could come back. */
  readonly publishes: boolean;
  readonly granted: (subscription: Subscription) => void;
  readonly refused: (subscription: Subscription, reasonCode: number) => void;
  readonly later: (run: () => void) => void;
}

/** The wanted subscriptions of a session, and which of them the broker has granted. */
export interface Subscriptions {
  add(subscription: Subscription): void;
  swap(old: Lane, by: Subscription): void;
  forget(lane: Lane): void;
  /** Ends a subscription; resolves when the broker has answered, or at once without a connection. */
  remove(lane: Lane): Promise<void>;
  /** A connection is up. */
  begin(control: Control, sessionPresent: boolean): void;
  end(): void;
  faultOf(lane: Lane): string | undefined;
}

/** Subscribes what is not granted yet, and only that: a kept session has kept its subscriptions (MQTT5 4.1). */
export function createSubscriptions(parts: SubscriptionsParts): Subscriptions {
  return new SessionSubscriptions(parts);
}

class SessionSubscriptions implements Subscriptions {
  readonly #parts: SubscriptionsParts;
  readonly #wanted = new Map<Lane, Subscription>();
  readonly #granted = new Set<Lane>();
  /** Filters to unsubscribe that the broker could not be told about. */
  readonly #leaving = new Set<string>();
  #control: Control | undefined;

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts;
  }

  add(subscription: Subscription): void {
    this.#wanted.set(subscription.lane, subscription);
    this.#subscribe(subscription);
  }

  swap(old: Lane, by: Subscription): void {
    const wasGranted = this.#granted.has(old);
    this.forget(old);
    this.#wanted.set(by.lane, by);
    if (!wasGranted) return this.#subscribe(by);
    this.#granted.add(by.lane);
    by.lane.subscribed = this.#control !== undefined;
  }

  forget(lane: Lane): void {
    this.#wanted.delete(lane);
    this.#granted.delete(lane);
    lane.subscribed = false;
  }

  async remove(lane: Lane): Promise<void> {
    const subscription = this.#wanted.get(lane);
    this.forget(lane);
    if (subscription) await this.#unsubscribe(subscription.filter);
  }

  begin(now: Control, sessionPresent: boolean): void {
    this.#control = now;
    if (!sessionPresent) {
      this.#granted.clear();
      this.#leaving.clear();
    }
    const leaving = [...this.#leaving];
    this.#leaving.clear();
    for (const filter of leaving) void this.#unsubscribe(filter);
    for (const subscription of this.#wanted.values()) {
      subscription.lane.subscribed = this.#granted.has(subscription.lane);
      if (!subscription.lane.subscribed) this.#subscribe(subscription);
    }
  }

  end(): void {
    this.#control = undefined;
    for (const lane of this.#wanted.keys()) lane.subscribed = false;
  }

  faultOf(lane: Lane): string | undefined {
    return this.#wanted.get(lane)?.fault;
  }

  #subscribe(subscription: Subscription): void {
    const { lane, filter } = subscription;
    const at = this.#control;
    if (!at) return;
    const shared = filter.startsWith('$share/');
    // No Local on a shared subscription is a protocol error (MQTT5 3.8.3.1).
    const options = { qos: lane.route.qos, noLocal: !shared && this.#parts.publishes };
    at.subscribe(filter, options).then(
      (code) => this.#answered(subscription, at, code),
      () => undefined,
    );
  }

  #answered(subscription: Subscription, at: Control, code: number): void {
    const isWanted = () => at === this.#control && this.#wanted.get(subscription.lane) === subscription;
    if (!isWanted()) return;
    if (code < 0x80) {
      delete subscription.fault;
      this.#granted.add(subscription.lane);
      subscription.lane.subscribed = true;
      this.#parts.granted(subscription);
      return;
    }
    subscription.fault = sentenceOf(code);
    this.#parts.refused(subscription, code);
    this.#parts.later(() => {
      if (isWanted()) this.#subscribe(subscription);
    });
  }

  /** A broker has one subscription for each filter: it must stay as long as any lane wants it (MQTT5 3.8.4). */
  async #unsubscribe(filter: string): Promise<void> {
    this.#leaving.delete(filter);
    if ([...this.#wanted.values()].some((other) => other.filter === filter)) return;
    this.#leaving.add(filter);
    try {
      await this.#control?.unsubscribe(filter);
      if (this.#control) this.#leaving.delete(filter);
    } catch {
      // The connection ended first; the next one says it again.
    }
  }
}
