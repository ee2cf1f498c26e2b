import type { Message } from '../message.ts';
import type { BrokerProfile } from '../profile.ts';
import type { Delivery } from '../session/outbound.ts';
import type { Session } from '../session/session.ts';
import type { Qos } from '../codec/publish.ts';
import type { RetainedStore } from './retained.ts';
import { chooseMember, hasConnectedMember, type Selection } from './shared.ts';
import type { Subscription } from './subscription.ts';
import type { TopicTree } from './topic-tree.ts';

/** Brings messages to the sessions whose subscriptions match. */
export interface Router {
  /** Hands a message to its receivers and keeps it when it is to be retained; the answer counts receivers. */
  route(message: Message): number;
  /** Sends the retained messages a new or repeated subscription asks for. */
  sendRetained(subscription: Subscription, levels: readonly string[]): void;
  /** Gives what a leaving session has not acknowledged of shared subscriptions to their other members. */
  redistribute(from: Session, others: 'connected' | 'all'): void;
}

/** What a router works with. */
export interface RouterContext {
  readonly tree: TopicTree;
  readonly retained: RetainedStore;
  readonly profile: BrokerProfile;
  readonly selection: Selection;
  readonly now: () => number;
  readonly deliver: (session: Session, delivery: Delivery) => void;
}

const NO_IDENTIFIERS: readonly number[] = [];

function lower(a: Qos, b: Qos): Qos {
  return a < b ? a : b;
}

function deliveryOf(message: Message, subscription: Subscription): Delivery {
  return {
    message,
    qos: lower(message.qos, subscription.qos),
    // MQTT5 3.3.1.3: the flag says "retained" unless the subscription asked for it as published.
    retain: subscription.retainAsPublished && message.retain,
    subscriptionIds: subscription.identifier === undefined ? NO_IDENTIFIERS : [subscription.identifier],
    group: subscription.group,
  };
}

/** MQTT5 3.3.4: one copy at the highest QoS with the identifiers of all matching subscriptions. */
function merge(a: Delivery, b: Delivery): Delivery {
  return {
    ...a,
    qos: a.qos > b.qos ? a.qos : b.qos,
    retain: a.retain || b.retain,
    subscriptionIds: [...a.subscriptionIds, ...b.subscriptionIds],
  };
}

/** A router over a tree of subscriptions and a store of retained messages. */
export function createRouter({ tree, retained, profile, selection, now, deliver }: RouterContext): Router {
  function routePlain(message: Message, subscriptions: readonly Subscription[]): number {
    const wanted = subscriptions.filter(({ noLocal, session }) => !noLocal || message.publisher !== session.clientId);
    if (wanted.length <= 1 || profile.overlappingSubscriptions === 'each') {
      for (const subscription of wanted) deliver(subscription.session, deliveryOf(message, subscription));
      return wanted.length;
    }
    const bySession = new Map<Session, Delivery>();
    for (const subscription of wanted) {
      const delivery = deliveryOf(message, subscription);
      const earlier = bySession.get(subscription.session);
      bySession.set(subscription.session, earlier === undefined ? delivery : merge(earlier, delivery));
    }
    for (const [session, delivery] of bySession) deliver(session, delivery);
    return bySession.size;
  }

  return {
    route(message) {
      if (message.retain) {
        if (message.payload.length === 0) retained.forget(message.topic);
        else retained.keep(message, now());
      }
      const matches = tree.match(message.topic);
      let receivers = routePlain(message, matches.subscriptions);
      for (const group of matches.groups) {
        const member = chooseMember(group, selection);
        if (member === undefined) continue;
        receivers += 1;
        deliver(member.session, deliveryOf(message, member));
      }
      return receivers;
    },
    sendRetained(subscription, levels) {
      for (const message of retained.match(levels, now())) {
        deliver(subscription.session, { ...deliveryOf(message, subscription), retain: true });
      }
    },
    redistribute(from, others) {
      const movable = (delivery: Delivery): boolean => {
        if (delivery.group === undefined) return false;
        if (others === 'connected') return hasConnectedMember(delivery.group, from);
        return delivery.group.members.some((member) => member.session !== from);
      };
      for (const { message, group } of from.outbound.surrender(movable)) {
        const member = group === undefined ? undefined : chooseMember(group, selection, from);
        if (member !== undefined) deliver(member.session, deliveryOf(message, member));
      }
    },
  };
}
