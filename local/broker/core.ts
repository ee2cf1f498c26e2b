import type { Clock } from './clock.ts';
import { createEventHub, type EventHub, type SessionEnd } from './events.ts';
import type { BrokerHooks } from './hooks.ts';
import { expiryTime, type Message } from './message.ts';
import type { BrokerProfile } from './profile.ts';
import { reason } from './reason.ts';
import { createRetainedStore, type RetainedStore } from './routing/retained.ts';
import { createRouter, type Router } from './routing/router.ts';
import { createTopicTree, type TopicTree } from './routing/topic-tree.ts';
import type { Delivery, OutboundContext, Pacing } from './session/outbound.ts';
import { createSessionRegistry, type SessionRegistry } from './session/registry.ts';
import type { Session } from './session/session.ts';
import { createWills, type Wills } from './session/wills.ts';
import type { Will } from './codec/control.ts';

/** What the connections of one broker share. */
export interface Core {
  readonly profile: BrokerProfile;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hooks: BrokerHooks;
  readonly events: EventHub;
  readonly sessions: SessionRegistry;
  readonly tree: TopicTree;
  readonly retained: RetainedStore;
  readonly router: Router;
  readonly wills: Wills;
  /** Routes a message and reports it; the answer counts receivers. */
  publish(message: Message): number;
  /** What the outbound side of a session is made of. */
  outboundOf(session: Session): OutboundContext;
}

/** What a core is made from. */
export type CoreParts = Pick<Core, 'profile' | 'clock' | 'random' | 'hooks'>;

function overflow(core: Core, session: Session): void {
  session.link?.end(reason.quotaExceeded, 'queue-full');
  core.sessions.end(session, 'queue-full');
}

function deliver(core: Core, session: Session, delivery: Delivery): void {
  const { message } = delivery;
  const allowed = core.hooks.onDeliver?.({
    clientId: session.clientId,
    version: session.version,
    authenticationName: session.authenticationName,
    topic: message.topic,
    qos: delivery.qos,
    retain: delivery.retain,
    payload: message.payload,
    packetId: 0,
  });
  if (allowed === false)
    core.events.emit('dropped', { clientId: session.clientId, topic: message.topic, cause: 'refused' });
  else if (!session.outbound.add(delivery)) overflow(core, session);
}

function pacingOf({ clock, hooks }: Core, session: Session): Pacing | undefined {
  if (hooks.paceDelivery === undefined) return undefined;
  return {
    wait: ({ message }) => hooks.paceDelivery?.(session, message.payload.length) ?? 0,
    after: (delay, action) => clock.after(delay, action),
  };
}

function sessionEnded(core: Core, session: Session, cause: SessionEnd): void {
  core.wills.fire(session);
  for (const subscription of session.subscriptions.values()) core.tree.remove(subscription);
  core.router.redistribute(session, 'all');
  core.events.emit('sessionEnded', { clientId: session.clientId, cause });
}

function publishWill(core: Core, session: Session, will: Will): void {
  const { clientId, version, authenticationName } = session;
  const { topic, qos, retain, payload, properties } = will;
  const refusal = core.hooks.onPublish?.({
    clientId,
    version,
    authenticationName,
    topic,
    qos,
    retain,
    payload,
    packetId: 0,
    size: payload.length,
    properties,
    expirySeconds: will.expirySeconds,
    unfinishedBytes: 0,
    unfinishedMessages: 0,
  });
  if (refusal !== undefined) return;
  core.events.emit('will', { clientId, topic });
  const expiresAt = expiryTime(will.expirySeconds, core.clock.now());
  core.publish({ topic, qos, retain, payload, properties, expiresAt, publisher: clientId, frames: new Map() });
}

/** Puts the parts of a broker together; nothing runs yet. */
export function createCore(parts: CoreParts): Core {
  const { profile, clock, random } = parts;
  const events = createEventHub();
  const tree = createTopicTree();
  const retained = createRetainedStore(profile);
  const core: Core = {
    ...parts,
    events,
    tree,
    retained,
    sessions: createSessionRegistry(clock, (session, cause) => sessionEnded(core, session, cause)),
    wills: createWills(clock, (session, will) => publishWill(core, session, will), profile.maximumWillDelay),
    router: createRouter({
      tree,
      retained,
      profile,
      selection: profile.sharedSelection === 'random' ? { kind: 'random', random } : { kind: 'round-robin' },
      now: () => clock.now(),
      deliver: (session, delivery) => deliver(core, session, delivery),
    }),
    publish(message) {
      const receivers = core.router.route(message);
      if (events.wanted('published')) {
        const { topic, qos, retain, payload, publisher: clientId } = message;
        events.emit('published', { clientId, topic, qos, retain, payload, receivers });
      }
      return receivers;
    },
    outboundOf: (session) => ({
      pacing: pacingOf(core, session),
      bounds: profile,
      now: () => clock.now(),
      dropped: ({ message }, cause) =>
        events.emit('dropped', { clientId: session.clientId, topic: message.topic, cause }),
    }),
  };
  return core;
}
