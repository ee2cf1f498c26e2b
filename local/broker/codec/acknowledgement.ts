import { malformed, protocolError, ProtocolFault, reason } from '../reason.ts';
import { allowedProperties, property, walkProperties, type PropertyAt } from './properties.ts';
import type { ProtocolVersion } from './publish.ts';
import { readByte, readerOf, readUint16, readVarint } from './reader.ts';

/** Packet types of the four acknowledgements (table 2-1). */
export const acknowledgement = { puback: 4, pubrec: 5, pubrel: 6, pubcomp: 7 } as const;

/** One of the four acknowledgements by its packet type. */
export type AcknowledgementType = (typeof acknowledgement)[keyof typeof acknowledgement];

/** PUBACK, PUBREC, PUBREL or PUBCOMP from a client. */
export interface Acknowledgement {
  readonly packetId: number;
  readonly reasonCode: number;
}

function acceptAll(): void {}

function refuseUserProperty({ id }: PropertyAt): void {
  if (id === property.userProperty) {
    throw new ProtocolFault(reason.implementationSpecific, 'user properties outside PUBLISH');
  }
}

/** Reads a whole acknowledgement packet; throws ProtocolFault. */
export function decodeAcknowledgement(
  frame: Buffer,
  version: ProtocolVersion,
  userProperties: 'accept' | 'refuse' = 'accept',
): Acknowledgement {
  const first = frame.readUInt8(0);
  const flags = first >> 4 === acknowledgement.pubrel ? 0x02 : 0x00;
  if ((first & 0x0f) !== flags) malformed('reserved flags of an acknowledgement are wrong');
  const reader = readerOf(frame, 1);
  readVarint(reader);
  const packetId = readUint16(reader);
  if (packetId === 0) protocolError('packet identifier is 0');
  if (reader.at === reader.end) return { packetId, reasonCode: reason.success };
  if (version === 4) malformed('an acknowledgement of MQTT 3.1.1 has two bytes');
  const reasonCode = readByte(reader);
  if (reader.at < reader.end) {
    const visit = userProperties === 'refuse' ? refuseUserProperty : acceptAll;
    walkProperties(reader, allowedProperties.acknowledgement, visit);
  }
  if (reader.at !== reader.end) malformed('bytes behind the properties');
  return { packetId, reasonCode };
}

/** Encodes an acknowledgement in its shortest form; MQTT 3.1.1 has no reason code. */
export function encodeAcknowledgement(
  type: AcknowledgementType,
  packetId: number,
  reasonCode: number,
  version: ProtocolVersion,
): Buffer {
  const long = version === 5 && reasonCode !== reason.success;
  const frame = Buffer.allocUnsafe(long ? 5 : 4);
  frame[0] = (type << 4) | (type === acknowledgement.pubrel ? 0x02 : 0x00);
  frame[1] = long ? 3 : 2;
  frame.writeUInt16BE(packetId, 2);
  if (long) frame[4] = reasonCode;
  return frame;
}
