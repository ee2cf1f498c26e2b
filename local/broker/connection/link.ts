import { acknowledgement, encodeAcknowledgement } from '../codec/acknowledgement.ts';
import { encodePublish, type EncodedPublish, type OutgoingPublish, type ProtocolVersion } from '../codec/publish.ts';
import { secondsLeft } from '../message.ts';
import type { Delivery, SessionLink } from '../session/outbound.ts';
import type { Connection } from './connection.ts';

/** Aliases the broker set up towards one client. */
interface OutgoingAliases {
  readonly maximum: number;
  readonly byTopic: Map<string, number>;
}

function aliasFor(aliases: OutgoingAliases, topic: string): { topic: string; topicAlias: number | undefined } {
  const known = aliases.byTopic.get(topic);
  if (known !== undefined) return { topic: '', topicAlias: known };
  if (aliases.byTopic.size >= aliases.maximum) return { topic, topicAlias: undefined };
  const topicAlias = aliases.byTopic.size + 1;
  aliases.byTopic.set(topic, topicAlias);
  return { topic, topicAlias };
}

/** Encodes a message once for all receivers of the same version, QoS and flag; what differs per receiver is encoded anew. */
function frameFor(delivery: Delivery, version: ProtocolVersion, own: Partial<OutgoingPublish>): EncodedPublish {
  const { message, qos, retain } = delivery;
  const make = (): EncodedPublish =>
    encodePublish({
      version,
      topic: message.topic,
      qos,
      retain,
      properties: message.properties,
      payload: message.payload,
      ...own,
    });
  const shareable = Object.keys(own).length === 0;
  if (!shareable) return make();
  const key = (version === 5 ? 1 : 0) | (qos << 1) | (retain ? 8 : 0);
  const known = message.frames.get(key);
  if (known !== undefined) return known;
  const made = make();
  message.frames.set(key, made);
  return made;
}

function ownFields(delivery: Delivery, version: ProtocolVersion, now: number): Partial<OutgoingPublish> {
  if (version === 4) return {};
  const { message, subscriptionIds } = delivery;
  const left = secondsLeft(message, now);
  return {
    // Delivery has begun before it expired: what is sent again says at least one second, since 0 may be read as never.
    ...(left === undefined ? {} : { expirySeconds: Math.max(1, left) }),
    ...(subscriptionIds.length === 0 ? {} : { subscriptionIds }),
  };
}

function numbered({ frame, packetIdAt }: EncodedPublish, packetId: number, dup: boolean): Buffer {
  if (packetIdAt === 0) return frame;
  const copy = Buffer.from(frame);
  copy.writeUInt16BE(packetId, packetIdAt);
  if (dup) copy[0] = (copy[0] ?? 0) | 0x08;
  return copy;
}

/** What a session may do with this connection. */
export function createLink(connection: Connection, end: SessionLink['end']): SessionLink {
  const { core, wire, version } = connection;
  const { clientId = '', receiveMaximum = 0xffff, maximumPacketSize = Infinity } = connection.request ?? {};
  const aliases: OutgoingAliases = {
    maximum: core.profile.outgoingTopicAliases ? (connection.request?.topicAliasMaximum ?? 0) : 0,
    byTopic: new Map(),
  };
  return {
    version,
    receiveMaximum,
    ready: () => wire.ready(),
    sendPublish(delivery, packetId, dup) {
      const { message, qos } = delivery;
      const own = ownFields(delivery, version, core.clock.now());
      const plain = frameFor(delivery, version, own);
      if (plain.frame.length > maximumPacketSize) return false;
      // Setting up an alias takes three bytes more, which a packet at the limit does not have.
      const mayAlias = aliases.maximum > 0 && plain.frame.length + 3 <= maximumPacketSize;
      const aliased = mayAlias ? aliasFor(aliases, message.topic) : undefined;
      const chosen = aliased?.topicAlias === undefined ? plain : frameFor(delivery, version, { ...own, ...aliased });
      wire.write(numbered(chosen, packetId, dup));
      if (core.events.wanted('sent')) core.events.emit('sent', { clientId, topic: message.topic, qos, packetId, dup });
      return true;
    },
    sendPubrel(packetId, reasonCode) {
      wire.write(encodeAcknowledgement(acknowledgement.pubrel, packetId, reasonCode, version));
    },
    end,
  };
}
