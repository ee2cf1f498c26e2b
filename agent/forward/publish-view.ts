import { ReasonCode } from '../session/reason-code.ts';
import { readProperties } from './publish-properties.ts';

/**
 * Where the parts of one received PUBLISH lie in the read buffer; valid only until the reader goes on.
 * One view is reused for all packets of a connection, so that reading a message allocates nothing.
 */
export class PublishView {
  /** Whether the hop property is read and taken out; otherwise it is passed on like any other. */
  readonly countHops: boolean;
  /** Whether the source means "never" by an expiry of 0 seconds, which is then taken out. */
  readonly zeroExpiryIsNever: boolean;
  bytes: Buffer = EMPTY;
  qos: 0 | 1 | 2 = 0;
  dup = false;
  retain = false;
  topicStart = 0;
  topicEnd = 0;
  /** 0 at QoS 0. */
  packetId = 0;
  /** First byte of the properties behind their length; equals propertiesEnd in 3.1.1 or when there are none. */
  propertiesStart = 0;
  propertiesEnd = 0;
  payloadStart = 0;
  end = 0;
  /** Offset of the four bytes of Message Expiry Interval, or -1. */
  expiryAt = -1;
  /** Topic Alias, or 0 when absent. */
  alias = 0;
  /** Bridges this message came through, as the hop property says. */
  hops = 0;
  /** Start and end offsets, in pairs, of properties that must not be passed on. */
  readonly skips: number[] = [];
  skippedBytes = 0;
  /** Why the packet was refused, after parsePublish returned a reason code. */
  fault = '';

  constructor(countHops = true, zeroExpiryIsNever = false) {
    this.countHops = countHops;
    this.zeroExpiryIsNever = zeroExpiryIsNever;
  }

  refuse(reasonCode: number, fault: string): number {
    this.fault = fault;
    return reasonCode;
  }
}

const EMPTY = Buffer.alloc(0);

/**
 * Reads the PUBLISH at bytes[start, end) into `view`.
 * @returns 0, or the reason code with which the connection must be closed (MQTT5 4.13.1); `view.fault` says why.
 */
export function parsePublish(
  view: PublishView,
  bytes: Buffer,
  start: number,
  body: number,
  end: number,
  version: 4 | 5,
): number {
  const flags = bytes[start] & 0x0f;
  const qos = (flags >> 1) & 3;
  if (qos === 3) return view.refuse(ReasonCode.malformedPacket, 'QoS 3');
  if (qos === 0 && (flags & 8) !== 0) return view.refuse(ReasonCode.malformedPacket, 'DUP at QoS 0');
  view.bytes = bytes;
  view.qos = qos as 0 | 1 | 2;
  view.dup = (flags & 8) !== 0;
  view.retain = (flags & 1) !== 0;
  view.end = end;
  if (body + 2 > end) return view.refuse(ReasonCode.malformedPacket, 'no topic length');
  view.topicStart = body + 2;
  view.topicEnd = view.topicStart + ((bytes[body] << 8) | bytes[body + 1]);
  let at = view.topicEnd;
  if (at + (qos > 0 ? 2 : 0) > end) return view.refuse(ReasonCode.malformedPacket, 'topic longer than the packet');
  view.packetId = 0;
  if (qos > 0) {
    view.packetId = (bytes[at] << 8) | bytes[at + 1];
    if (view.packetId === 0) return view.refuse(ReasonCode.malformedPacket, 'packet identifier 0');
    at += 2;
  }
  return version === 5 ? readProperties(view, at) : withoutProperties(view, at);
}

function withoutProperties(view: PublishView, at: number): number {
  view.propertiesStart = at;
  view.propertiesEnd = at;
  view.payloadStart = at;
  view.expiryAt = -1;
  view.alias = 0;
  view.hops = 0;
  view.skips.length = 0;
  view.skippedBytes = 0;
  if (view.topicEnd === view.topicStart) return view.refuse(ReasonCode.topicNameInvalid, 'empty topic');
  return 0;
}
