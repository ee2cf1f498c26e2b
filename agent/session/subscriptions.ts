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
  const wanted = new Map<Lane, Subscription>();
  const granted = new Set<Lane>();
  let control: Control | undefined;

  const subscribe = (subscription: Subscription) => {
    const { lane, filter } = subscription;
    const at = control;
    if (!at) return;
    const shared = filter.startsWith('$share/');
    // No Local on a shared subscription is a protocol error (MQTT5 3.8.3.1).
    const options = { qos: lane.route.qos, noLocal: !shared && parts.publishes };
    at.subscribe(filter, options).then(
      (code) => answered(subscription, at, code),
      () => undefined,
    );
  };

  const answered = (subscription: Subscription, at: Control, code: number) => {
    const { lane } = subscription;
    if (at !== control || wanted.get(lane) !== subscription) return;
    if (code < 0x80) {
      delete subscription.fault;
      granted.add(lane);
      lane.subscribed = true;
      parts.granted(subscription);
      return;
    }
    subscription.fault = sentenceOf(code);
    parts.refused(subscription, code);
    parts.later(() => {
      if (at === control && wanted.get(lane) === subscription) subscribe(subscription);
    });
  };

  const forget = (lane: Lane) => {
    wanted.delete(lane);
    granted.delete(lane);
    lane.subscribed = false;
  };

  return {
    add(subscription) {
      wanted.set(subscription.lane, subscription);
      subscribe(subscription);
    },
    swap(old, by) {
      const wasGranted = granted.has(old);
      forget(old);
      wanted.set(by.lane, by);
      if (!wasGranted) return subscribe(by);
      granted.add(by.lane);
      by.lane.subscribed = true;
    },
    forget,
    async remove(lane) {
      const subscription = wanted.get(lane);
      forget(lane);
      if (subscription && control) await control.unsubscribe(subscription.filter).catch(() => undefined);
    },
    begin(now, sessionPresent) {
      control = now;
      if (!sessionPresent) granted.clear();
      for (const subscription of wanted.values()) {
        subscription.lane.subscribed = granted.has(subscription.lane);
        if (!subscription.lane.subscribed) subscribe(subscription);
      }
    },
    end() {
      control = undefined;
      for (const lane of wanted.keys()) lane.subscribed = false;
    },
    faultOf: (lane) => wanted.get(lane)?.fault,
  };
}
