import type { ISubscribePacket, ISubscription, IUnsubscribePacket } from 'mqtt-packet';
import { hasWildcard } from '../../../shared/topic/filter.ts';
import { encodeControl } from '../codec/control.ts';
import type { Qos } from '../codec/publish.ts';
import { protocolError, ProtocolFault, reason } from '../reason.ts';
import { parseFilter, type ParsedFilter } from '../routing/filter.ts';
import type { RetainHandling, Subscription } from '../routing/subscription.ts';
import type { Session } from '../session/session.ts';
import { hookClientOf, type Connection } from './connection.ts';

/** One filter's answer in SUBACK and, when granted, its subscription. */
type Granted =
  | { readonly code: number; readonly subscription: undefined }
  | {
      readonly code: Qos;
      readonly subscription: Subscription;
      readonly levels: readonly string[];
      readonly isNew: boolean;
    };

function denied(code: number): Granted {
  return { code, subscription: undefined };
}

function checkShared(connection: Connection, filter: ParsedFilter, asked: ISubscription): void {
  if (filter.group === undefined) return;
  // MQTT5 3.8.3.1: No Local on a shared subscription is a protocol error.
  if (asked.nl === true) protocolError('No Local on a shared subscription');
  if (connection.version === 4 && connection.core.profile.sharedSubscriptionV3 === 'disconnect') {
    throw new ProtocolFault(reason.sharedSubscriptionsNotSupported, 'MQTT 3.1.1 has no shared subscriptions');
  }
}

function sharedOf({ subscriptions }: Session): number {
  let shared = 0;
  for (const { group } of subscriptions.values()) if (group !== undefined) shared += 1;
  return shared;
}

/** What the profile says against a filter, as a SUBACK code. */
function objection(
  { core }: Connection,
  session: Session,
  asked: ISubscription,
  filter: ParsedFilter,
): number | undefined {
  const { profile } = core;
  if (filter.group !== undefined && !profile.sharedSubscriptionAvailable) return reason.sharedSubscriptionsNotSupported;
  if (hasWildcard(asked.topic) && !profile.wildcardSubscriptionAvailable) {
    return reason.wildcardSubscriptionsNotSupported;
  }
  if (Buffer.byteLength(asked.topic) > profile.maximumTopicBytes) return reason.topicFilterInvalid;
  if (filter.levels.length > profile.maximumTopicLevels) return reason.topicFilterInvalid;
  if (session.subscriptions.has(asked.topic)) return undefined;
  const full = session.subscriptions.size >= profile.maximumSubscriptions;
  const fullOfShared = filter.group !== undefined && sharedOf(session) >= profile.maximumSharedSubscriptions;
  return full || fullOfShared ? reason.quotaExceeded : undefined;
}

function grant(
  connection: Connection,
  session: Session,
  asked: ISubscription,
  identifier: number | undefined,
): Granted {
  const { core } = connection;
  const filter = parseFilter(asked.topic);
  if (filter === undefined) return denied(reason.topicFilterInvalid);
  checkShared(connection, filter, asked);
  const qos = Math.min(asked.qos, core.profile.maximumQos) as Qos;
  const code = objection(connection, session, asked, filter);
  if (code !== undefined) return denied(code);
  const refusal = core.hooks.onSubscribe?.({ ...hookClientOf(connection), filter: asked.topic, qos });
  if (refusal?.disconnect === true) throw new ProtocolFault(refusal.reasonCode, 'subscription refused');
  if (refusal !== undefined) return denied(refusal.reasonCode);
  const isNew = !session.subscriptions.has(asked.topic);
  // Mosquitto's bridge bit gives an MQTT 3.1.1 client what MQTT 5 has options for.
  const bridge = connection.version === 4 && connection.request?.bridge === true;
  const subscription = core.tree.add(session, filter, (group) => ({
    session,
    filter: asked.topic,
    qos,
    noLocal: bridge ? group === undefined : asked.nl === true,
    retainAsPublished: bridge || asked.rap === true,
    retainHandling: (asked.rh ?? 0) as RetainHandling,
    identifier,
    group,
  }));
  session.subscriptions.set(asked.topic, subscription);
  return { code: qos, subscription, levels: filter.levels, isNew };
}

function wantsRetained({ group, retainHandling }: Subscription, isNew: boolean): boolean {
  // MQTT5 4.8.2: retained messages are not sent to shared subscriptions.
  return group === undefined && (retainHandling === 0 || (retainHandling === 1 && isNew));
}

/** The code that answers every filter of a packet the hook does not want. */
function packetRefusal(connection: Connection): number | undefined {
  const refusal = connection.core.hooks.onSubscriptionPacket?.(hookClientOf(connection));
  if (refusal?.disconnect === true) throw new ProtocolFault(refusal.reasonCode, 'subscription packet refused');
  return refusal?.reasonCode;
}

/** Handles SUBSCRIBE: the answer first, then retained messages. */
export function receiveSubscribe(connection: Connection, packet: ISubscribePacket): void {
  const { core, session, version } = connection;
  if (session === undefined) return;
  const { profile } = core;
  if (packet.subscriptions.length === 0) protocolError('SUBSCRIBE without a filter');
  const identifier = packet.properties?.subscriptionIdentifier;
  if (identifier !== undefined && !profile.subscriptionIdentifiersAvailable) {
    throw new ProtocolFault(reason.subscriptionIdentifiersNotSupported, 'subscription identifier');
  }
  const tooMany = packet.subscriptions.length > profile.maximumFiltersPerSubscribe;
  const refusal = packetRefusal(connection) ?? (tooMany ? reason.quotaExceeded : undefined);
  const answers = packet.subscriptions.map((asked) =>
    refusal === undefined ? grant(connection, session, asked, identifier) : denied(refusal),
  );
  const granted = answers.map(({ code }) => (version === 4 && code > 2 ? reason.unspecified : code));
  connection.wire.write(encodeControl({ cmd: 'suback', messageId: idOf(packet), granted }, version));
  for (const answer of answers) {
    if (answer.subscription === undefined) continue;
    const { filter, qos } = answer.subscription;
    core.events.emit('subscribed', { clientId: session.clientId, filter, qos });
    if (wantsRetained(answer.subscription, answer.isNew)) core.router.sendRetained(answer.subscription, answer.levels);
  }
}

/** Handles UNSUBSCRIBE. */
export function receiveUnsubscribe(connection: Connection, packet: IUnsubscribePacket): void {
  const { core, session, version } = connection;
  if (session === undefined) return;
  if (packet.unsubscriptions.length === 0) protocolError('UNSUBSCRIBE without a filter');
  const refusal = packetRefusal(connection);
  // MQTT 3.1.1 has no code in UNSUBACK: its only refusal is the end of the connection.
  if (refusal !== undefined && version === 4) throw new ProtocolFault(refusal, 'unsubscription refused');
  const granted = packet.unsubscriptions.map((filter) => {
    // MQTT5 3.11.3 knows no quota: the nearest it has says the reason is the server's own.
    if (refusal !== undefined) return reason.implementationSpecific;
    const subscription = session.subscriptions.get(filter);
    if (subscription === undefined) return reason.noSubscriptionExisted;
    session.subscriptions.delete(filter);
    core.tree.remove(subscription);
    core.events.emit('unsubscribed', { clientId: session.clientId, filter });
    return reason.success;
  });
  connection.wire.write(encodeControl({ cmd: 'unsuback', messageId: idOf(packet), granted }, version));
}

function idOf({ messageId }: ISubscribePacket | IUnsubscribePacket): number {
  return messageId === undefined || messageId === 0 ? protocolError('packet identifier is 0') : messageId;
}
