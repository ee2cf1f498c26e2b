import type { Lane } from '../forward/lane.ts';
import type { FaultSnapshot } from '../observe/snapshot.ts';
import type { Control, SubscribeOptions } from './mqtt-client.ts';
import type { RequestPace } from './request-pace.ts';

/** A lane's subscription on its source session. */
export interface Subscription {
  readonly filter: string;
  readonly lane: Lane;
}

/** What subscriptions need from their session. */
export interface SubscriptionsParts {
  /** True when this session also publishes, so that its own messages could come back. */
  readonly publishes: boolean;
  /** Most filters in one SUBSCRIBE. */
  readonly filtersPerSubscribe: number;
  readonly pace: RequestPace;
  readonly granted: (subscription: Subscription) => void;
  /** What a refusal with this reason code means. */
  readonly explain: (subscription: Subscription, reasonCode: number) => FaultSnapshot;
  readonly refused: (subscription: Subscription) => void;
  /** Runs `ask` after a pause: `refused` that of a refused subscription, a number that many milliseconds. */
  readonly later: (pause: 'refused' | number, ask: () => void) => void;
}

/** Something to tell the broker. */
type Request =
  | { readonly kind: 'subscribe'; readonly subscription: Subscription }
  | { readonly kind: 'unsubscribe'; readonly filter: string; readonly done: () => void };

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
  /** What the broker has not been told yet, in order. */
  readonly #requests: Request[] = [];
  #pausing = false;

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
    for (const request of this.#requests.splice(0)) if (request.kind === 'unsubscribe') request.done();
    for (const lane of this.#wanted.keys()) lane.subscribed = false;
  }

  #ask(subscription: Subscription): void {
    if (this.#control) this.#enqueue({ kind: 'subscribe', subscription });
  }

  /** Requests of one turn leave together, as far as they fit into one packet. */
  #enqueue(request: Request): void {
    this.#requests.push(request);
    if (this.#requests.length === 1) queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    if (this.#pausing) return;
    for (let first = this.#next(); first && this.#control; first = this.#next()) {
      const wait = this.#parts.pace.wait();
      if (wait > 0) return this.#pause(wait);
      this.#parts.pace.count();
      if (first.kind === 'subscribe') void this.#subscribe(this.#control, this.#takeBatch(first.subscription));
      else void this.#tellUnsubscribe(this.#control, first);
    }
  }

  /** The request whose turn it is; those that nobody wants any more are left out. */
  #next(): Request | undefined {
    for (;;) {
      const [first] = this.#requests;
      if (first?.kind !== 'subscribe' || this.#isWanted(first.subscription)) return first;
      this.#requests.shift();
    }
  }

  async #tellUnsubscribe(control: Control, { filter, done }: Request & { kind: 'unsubscribe' }): Promise<void> {
    this.#requests.shift();
    try {
      await control.unsubscribe(filter);
      if (control === this.#control) this.#leaving.delete(filter);
    } catch {
      // The connection ended first; the next one says it again.
    }
    done();
  }

  #pause(ms: number): void {
    this.#pausing = true;
    this.#parts.later(ms, () => {
      this.#pausing = false;
      this.#tell();
    });
  }

  #isWanted(subscription: Subscription): boolean {
    return this.#wanted.get(subscription.lane) === subscription && !this.#granted.has(subscription.lane);
  }

  /** Takes the requests at the front that may share a SUBSCRIBE with the first: same options, each filter once. */
  #takeBatch(first: Subscription): readonly Subscription[] {
    const options = this.#optionsOf(first);
    const batch = new Map<string, Subscription>();
    for (let next = this.#next(); next?.kind === 'subscribe'; next = this.#next()) {
      const { subscription } = next;
      const { qos, noLocal } = this.#optionsOf(subscription);
      if (batch.size >= this.#parts.filtersPerSubscribe || batch.has(subscription.filter)) break;
      if (qos !== options.qos || noLocal !== options.noLocal) break;
      batch.set(subscription.filter, subscription);
      this.#requests.shift();
    }
    return [...batch.values()];
  }

  #optionsOf({ lane, filter }: Subscription): SubscribeOptions {
    // No Local on a shared subscription is a protocol error (MQTT5 3.8.3.1).
    return { qos: lane.route.qos, noLocal: this.#parts.publishes && !filter.startsWith('$share/') };
  }

  async #subscribe(control: Control, batch: readonly Subscription[]): Promise<void> {
    const filters = batch.map(({ filter }) => filter);
    // Without an answer the connection ended first; the next one asks again.
    const reasonCodes = await control.subscribe(filters, this.#optionsOf(batch[0])).catch(() => []);
    for (const [i, reasonCode] of reasonCodes.entries()) this.#answered(batch[i], control, reasonCode);
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
    lane.fault = this.#parts.explain(subscription, reasonCode);
    this.#parts.refused(subscription);
    this.#parts.later('refused', () => {
      if (current()) this.#ask(subscription);
    });
  }

  /** A broker has one subscription for each filter: it must stay as long as any lane wants it (MQTT5 3.8.4). */
  async #unsubscribe(filter: string): Promise<void> {
    this.#leaving.delete(filter);
    if ([...this.#wanted.values()].some((other) => other.filter === filter)) return;
    this.#leaving.add(filter);
    if (!this.#control) return;
    await new Promise<void>((done) => this.#enqueue({ kind: 'unsubscribe', filter, done }));
  }
}
