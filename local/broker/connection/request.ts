import type { IConnectPacket } from 'mqtt-packet';
import { readConnect, versionOf, type Will } from '../codec/control.ts';
import type { Core } from '../core.ts';
import type { ConnectRequest } from '../hooks.ts';
import type { BrokerProfile } from '../profile.ts';
import { ProtocolFault, protocolError, reason } from '../reason.ts';
import { NEVER_EXPIRES } from '../session/registry.ts';
import type { Connection } from './connection.ts';

/** A CONNECT that was understood, or the reason code that refuses it. */
export type ReadConnect =
  | { readonly kind: 'request'; readonly request: ConnectRequest; readonly will: Will | undefined }
  | { readonly kind: 'refused'; readonly reasonCode: number };

function refused(reasonCode: number): ReadConnect {
  return { kind: 'refused', reasonCode };
}

function freshClientId(core: Core): string {
  for (;;) {
    const id = `auto-${Math.floor(core.random() * 2 ** 48).toString(36)}`;
    if (core.sessions.get(id) === undefined) return id;
  }
}

/** MQTT5 3.2.2.3.15: a client talks by the server's keep-alive when it is told one. */
function keepAliveOf({ profile }: Core, packet: IConnectPacket): number {
  const asked = packet.keepalive ?? 0;
  if (packet.protocolVersion === 5 && profile.serverKeepAlive !== undefined) return profile.serverKeepAlive;
  const maximum = profile.maximumKeepAlive;
  if (maximum === undefined) return asked;
  return asked === 0 ? maximum : Math.min(asked, maximum);
}

function sessionExpiryOf({ profile }: Core, packet: IConnectPacket): number {
  const v3 = packet.clean === true ? 0 : profile.sessionExpiryV3;
  const asked = packet.protocolVersion === 5 ? (packet.properties?.sessionExpiryInterval ?? 0) : v3;
  return Math.min(asked, profile.maximumSessionExpiry ?? NEVER_EXPIRES);
}

/** What the profile says against this CONNECT, before anybody is asked who it is. */
function objection({ profile }: Core, packet: IConnectPacket, will: Will | undefined): number | undefined {
  if (Buffer.byteLength(packet.clientId) > profile.maximumClientIdBytes) return reason.clientIdentifierNotValid;
  // MQTT 3.1.1 3.1.3.1: without a name there is nothing to keep a session under.
  if (packet.clientId === '' && packet.protocolVersion !== 5 && packet.clean !== true) {
    return reason.clientIdentifierNotValid;
  }
  if (will === undefined) return undefined;
  if (will.qos > profile.maximumQos) return reason.qosNotSupported;
  if (will.retain && !profile.retainAvailable) return reason.retainNotSupported;
  const tooLong = Buffer.byteLength(will.topic) > profile.maximumTopicBytes;
  const tooDeep = will.topic.split('/').length > profile.maximumTopicLevels;
  const invalid = tooLong || tooDeep || will.topic === '' || /[+#]/.test(will.topic);
  return invalid ? reason.topicNameInvalid : undefined;
}

/** Throws for user properties the profile does not want in a packet other than PUBLISH, before mqtt-packet spends time on them. */
export function checkUserProperties(profile: BrokerProfile, count: number): void {
  if (count > 0 && profile.userPropertiesOutsidePublish === 'refuse') {
    throw new ProtocolFault(reason.implementationSpecific, 'user properties outside PUBLISH');
  }
  if (count > profile.maximumControlUserProperties) {
    throw new ProtocolFault(reason.quotaExceeded, `${count} user properties`);
  }
}

/** Reads the first packet of a connection; throws ProtocolFault where its bytes are wrong. */
export function readConnectRequest(connection: Connection, frame: Buffer): ReadConnect {
  const { core } = connection;
  const version = versionOf(frame);
  // Answered in the form of MQTT 3.1.1 (return code 1), which every version can read.
  if (version === undefined) return refused(reason.unsupportedProtocolVersion);
  connection.version = version;
  const layout = readConnect(frame);
  checkUserProperties(core.profile, layout.userProperties);
  const packet = connection.parser.parse(frame);
  if (packet.cmd !== 'connect') return protocolError('the first packet is not CONNECT');
  const { properties = {} } = packet;
  if (properties.receiveMaximum === 0 || properties.maximumPacketSize === 0) protocolError('a maximum of 0');
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    protocolError('authentication data without a method');
  }
  const reasonCode = objection(core, packet, layout.will);
  if (reasonCode !== undefined) return refused(reasonCode);
  return { kind: 'request', request: requestOf(connection, packet, layout.will), will: layout.will };
}

function requestOf(connection: Connection, packet: IConnectPacket, will: Will | undefined): ConnectRequest {
  const { core, version } = connection;
  const { properties = {} } = packet;
  const assigned = packet.clientId === '';
  return {
    clientId: assigned ? freshClientId(core) : packet.clientId,
    assigned,
    version,
    bridge: (packet as { bridgeMode?: boolean }).bridgeMode === true,
    cleanStart: packet.clean === true,
    keepAlive: keepAliveOf(core, packet),
    sessionExpiry: sessionExpiryOf(core, packet),
    receiveMaximum: properties.receiveMaximum ?? 0xffff,
    maximumPacketSize: properties.maximumPacketSize ?? Infinity,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    username: packet.username,
    password: packet.password === undefined ? undefined : Buffer.from(packet.password),
    authenticationMethod: properties.authenticationMethod,
    authenticationData: properties.authenticationData,
    will: will !== undefined,
    certificate: connection.certificate(),
  };
}
