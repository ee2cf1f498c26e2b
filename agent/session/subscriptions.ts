import { reasonOf, sentenceOf } from '../../shared/reason-codes.ts';
import type { Lane } from '../forward/lane.ts';
import type { Control } from './mqtt-client.ts';

/** A lane's subscription on its source session. */
export interface Subscription {
  readonly filter: string;
  readonly lane: Lane;
}

/** What subscriptions need from their session. */
export interface SubscriptionsParts {
  /** True when this session also publishes, so that its own messages could come back. */
  readonly publishes: boolean;
  readonly granted: (subscription: Subscription) => void;
  readonly refused: (subscription: Subscription) => void;
  /** Runs `ask` after a pause. */
  readonly later: (ask: () => void) => void;
}

/**
 * The wanted subscriptions of a session. Asks for what is not granted yet, and only for that: a kept session has kept
 * its subscriptions (MQTT5 4.1), and asking again would make a 3.1.1 broker repeat all retained messages.
 */
export class Subscriptions {
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
    this.#ask(subscription);
  }

  /** Hands a subscription from one lane to another with the same filter. */
  swap(old: Lane, by: Subscription): void {
    const wasGranted = this.#granted.has(old);
    this.forget(old);
    if (!wasGranted) return this.add(by);
    this.#wanted.set(by.lane, by);
    this.#granted.add(by.lane);
    by.lane.subscribed = this.#control !== undefined;
  }

  /** No longer wants a subscription, without telling the broker. */
  forget(lane: Lane): void {
    this.#wanted.delete(lane);
    this.#granted.delete(lane);
    lane.subscribed = false;
  }

  /** Ends a subscription; resolves when the broker has answered. Without a connection the next one says it. */
  async remove(lane: Lane): Promise<void> {
    const subscription = this.#wanted.get(lane);
    this.forget(lane);
    if (subscription) await this.#unsubscribe(subscription.filter);
  }

  /** A connection is up. */
  begin(control: Control, sessionPresent: boolean): void {
    this.#control = control;
    if (!sessionPresent) {
      this.#granted.clear();
      this.#leaving.clear();
    }
    const leaving = [...this.#leaving];
    this.#leaving.clear();
    for (const filter of leaving) void this.#unsubscribe(filter);
    for (const subscription of this.#wanted.values()) {
      subscription.lane.subscribed = this.#granted.has(subscription.lane);
      if (!subscription.lane.subscribed) this.#ask(subscription);
    }
  }

  /** The connection is gone. */
  end(): void {
    this.#control = undefined;
    for (const lane of this.#wanted.keys()) lane.subscribed = false;
  }

  #ask(subscription: Subscription): void {
    const control = this.#control;
    if (!control) return;
    const { lane, filter } = subscription;
    // No Local on a shared subscription is a protocol error (MQTT5 3.8.3.1).
    const noLocal = this.#parts.publishes && !filter.startsWith('$share/');
    control.subscribe(filter, { qos: lane.route.qos, noLocal }).then(
      (reasonCode) => this.#answered(subscription, control, reasonCode),
      // The connection ended first; the next one asks again.
      () => undefined,
    );
  }

  #answered(subscription: Subscription, control: Control, reasonCode: number): void {
    const { lane } = subscription;
    const current = () => control === this.#control && this.#wanted.get(lane) === subscription;
    if (!current()) return;
    if (reasonCode < 0x80) {
      lane.fault = undefined;
      lane.subscribed = true;
      this.#granted.add(lane);
      this.#parts.granted(subscription);
      return;
    }
    lane.fault = { reason: reasonOf(reasonCode).name, message: sentenceOf(reasonCode), reasonCode };
    this.#parts.refused(subscription);
    this.#parts.later(() => {
      if (current()) this.#ask(subscription);
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
