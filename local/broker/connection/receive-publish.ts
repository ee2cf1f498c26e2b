import { acknowledgement, decodeAcknowledgement, encodeAcknowledgement } from '../codec/acknowledgement.ts';
import { decodePublish, type IncomingPublish } from '../codec/publish.ts';
import type { PublishAttempt, ReceivedPublish, Refusal } from '../hooks.ts';
import { expiryTime } from '../message.ts';
import { protocolError, ProtocolFault, reason } from '../reason.ts';
import { hookClientOf, type Connection } from './connection.ts';

function resolveTopic(connection: Connection, { topic, topicAlias }: IncomingPublish): string {
  if (topicAlias === undefined) return topic;
  if (topicAlias === 0 || topicAlias > connection.core.profile.topicAliasMaximum) {
    throw new ProtocolFault(reason.topicAliasInvalid, `topic alias ${topicAlias}`);
  }
  if (topic !== '') {
    connection.aliases.set(topicAlias, topic);
    return topic;
  }
  return connection.aliases.get(topicAlias) ?? protocolError(`topic alias ${topicAlias} was not set up`);
}

function levelsOf(topic: string): number {
  let levels = 1;
  for (let slash = topic.indexOf('/'); slash >= 0; slash = topic.indexOf('/', slash + 1)) levels += 1;
  return levels;
}

/** What the profile does not allow ends the connection: the client was told in CONNACK. */
function checkLimits(connection: Connection, publish: IncomingPublish, topic: string): void {
  const { core, open, version } = connection;
  const { profile } = core;
  if (publish.qos > profile.maximumQos) throw new ProtocolFault(reason.qosNotSupported, `QoS ${publish.qos}`);
  if (publish.retain && !profile.retainAvailable) throw new ProtocolFault(reason.retainNotSupported, 'retain');
  if (Buffer.byteLength(topic) > profile.maximumTopicBytes || levelsOf(topic) > profile.maximumTopicLevels) {
    throw new ProtocolFault(reason.topicNameInvalid, 'topic name has too many bytes or levels');
  }
  if (publish.qos > 0) {
    connection.openBytes += publish.payload.length - (open.get(publish.packetId) ?? 0);
    open.set(publish.packetId, publish.payload.length);
    // Counted until the acknowledgement is handed to the socket: before that no client can know of it.
    if (version === 5 && open.size > profile.receiveMaximum) {
      throw new ProtocolFault(reason.receiveMaximumExceeded, `${open.size} unfinished messages`);
    }
  }
}

function accept(connection: Connection, publish: IncomingPublish, topic: string): number {
  const { core, request } = connection;
  const { qos, retain, payload, properties } = publish;
  const never = publish.expirySeconds === 0 && core.profile.zeroExpiryIsNever;
  return core.publish({
    topic,
    qos,
    retain,
    payload,
    properties,
    expiresAt: never ? undefined : expiryTime(publish.expirySeconds, core.clock.now()),
    publisher: request?.clientId,
    frames: new Map(),
  });
}

function acknowledge(connection: Connection, attempt: PublishAttempt, reasonCode: number): void {
  const { qos, packetId } = attempt;
  if (qos === 0) return;
  const verdict = connection.core.hooks.onPuback?.(attempt) ?? 'send';
  if (verdict === 'swallow') return;
  const code = verdict === 'send' ? reasonCode : verdict.reasonCode;
  const failed = code >= reason.unspecified;
  if (qos === 2 && !failed) connection.session?.received.add(packetId);
  const type = qos === 1 ? acknowledgement.puback : acknowledgement.pubrec;
  const bytes = encodeAcknowledgement(type, packetId, code, connection.version);
  connection.wire.write(bytes, qos === 1 || failed ? packetId : undefined);
}

/** Handles a PUBLISH from a client; throws ProtocolFault for what ends its connection. */
export function receivePublish(connection: Connection, frame: Buffer): void {
  const { core, session, version } = connection;
  const publish = decodePublish(frame, version);
  const topic = resolveTopic(connection, publish);
  checkLimits(connection, publish, topic);
  const { qos, retain, payload, packetId, properties, expirySeconds } = publish;
  if (qos === 2 && session?.received.has(packetId) === true) {
    connection.wire.write(encodeAcknowledgement(acknowledgement.pubrec, packetId, reason.success, version));
    return;
  }
  const attempt: ReceivedPublish = {
    ...hookClientOf(connection),
    topic,
    qos,
    retain,
    payload,
    packetId,
    size: frame.length,
    properties,
    expirySeconds,
    unfinishedBytes: connection.openBytes,
    unfinishedMessages: connection.open.size,
  };
  const refusal = core.hooks.onPublish?.(attempt) ?? retainRefusal(connection, attempt);
  if (refusal === undefined) {
    const receivers = accept(connection, publish, topic);
    acknowledge(connection, attempt, receivers > 0 ? reason.success : reason.noMatchingSubscribers);
    return;
  }
  // MQTT 3.1.1 has no negative acknowledgement: its only refusal is the end of the connection.
  if (refusal.disconnect === true || (version === 4 && qos > 0)) {
    throw new ProtocolFault(refusal.reasonCode, 'message refused');
  }
  if (qos === 0) return;
  const type = qos === 1 ? acknowledgement.puback : acknowledgement.pubrec;
  connection.wire.write(encodeAcknowledgement(type, packetId, refusal.reasonCode, version), packetId);
}

function retainRefusal({ core }: Connection, { topic, retain, payload }: PublishAttempt): Refusal | undefined {
  if (!retain || payload.length === 0 || core.retained.accepts(topic, payload.length)) return undefined;
  return { reasonCode: reason.quotaExceeded };
}

function refuseNegative({ core }: Connection, reasonCode: number): void {
  if (reasonCode >= reason.unspecified && core.profile.errorAckFromClient === 'disconnect') {
    throw new ProtocolFault(reason.implementationSpecific, `client refused a message with ${reasonCode}`);
  }
}

/** Handles PUBACK, PUBREC, PUBREL or PUBCOMP; those for unknown packet identifiers change nothing (MQTT5 4.13.2 allows it). */
export function receiveAcknowledgement(connection: Connection, frame: Buffer): void {
  const { core, session, version, wire } = connection;
  if (session === undefined) return;
  const { packetId, reasonCode } = decodeAcknowledgement(frame, version, core.profile.userPropertiesOutsidePublish);
  const { clientId } = session;
  switch (frame.readUInt8(0) >> 4) {
    case acknowledgement.puback:
      if (session.outbound.puback(packetId)) core.events.emit('acknowledged', { clientId, packetId, reasonCode });
      refuseNegative(connection, reasonCode);
      return;
    case acknowledgement.pubrec:
      if (session.outbound.pubrec(packetId, reasonCode) && reasonCode >= reason.unspecified) {
        core.events.emit('acknowledged', { clientId, packetId, reasonCode });
      }
      refuseNegative(connection, reasonCode);
      return;
    case acknowledgement.pubcomp:
      if (session.outbound.pubcomp(packetId)) core.events.emit('acknowledged', { clientId, packetId, reasonCode });
      return;
    default: {
      const known = session.received.delete(packetId);
      const code = known ? reason.success : reason.packetIdentifierNotFound;
      wire.write(encodeAcknowledgement(acknowledgement.pubcomp, packetId, code, version), packetId);
    }
  }
}
