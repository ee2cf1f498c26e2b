import type { Transit } from './transit.ts';
import { varintLength, writeVarint } from './varint.ts';
import { restrictsTopics, takesTopic, type TargetLimits } from './window.ts';

/** What must become of a frame before it goes on the wire. */
export type FrameCheck = 'send' | 'expired' | 'too_large' | 'topic_refused';

const DUP = 0x08;
const RETAIN = 0x01;
const QOS = 0x06;

/**
 * Fits an encoded frame to the target as it is now: the expiry reduced by the seconds held (MQTT5 3.3.2.3.3), retain
 * and QoS within its limits, DUP cleared. It may be called again: seconds taken off once are not taken off twice.
 */
export function fitFrame(transit: Transit, limits: TargetLimits, now: number): FrameCheck {
  const { slab } = transit;
  if (!slab) return 'send';
  const { bytes } = slab;
  bytes[transit.start] &= ~DUP;
  // What the broker may have already must be completed under its identifier; it will see the expiry.
  if (transit.expiryAt >= 0 && !stampExpiry(transit, now) && transit.targetId === 0) return 'expired';
  if ((bytes[transit.start] & RETAIN) !== 0 && !limits.retainAvailable) {
    bytes[transit.start] &= ~RETAIN;
    transit.lane.counters.retainCleared++;
  }
  if (transit.qos > limits.maximumQos) lowerQos(transit, limits.maximumQos);
  if (transit.end - transit.start > limits.maximumPacketSize) return 'too_large';
  return restrictsTopics(limits) && !topicFits(bytes, transit.start, limits) ? 'topic_refused' : 'send';
}

function topicFits(bytes: Buffer, frame: number, limits: TargetLimits): boolean {
  const topic = bodyAt(bytes, frame) + 2;
  return takesTopic(limits, bytes, topic, topic + bytes.readUInt16BE(topic - 2));
}

/** Whether the frame asks the target to retain it. */
export function isRetained({ slab, start }: Transit): boolean {
  return slab !== undefined && (slab.bytes[start] & RETAIN) !== 0;
}

/** Marks the frame as a repeat under its old identifier (MQTT5 4.4). */
export function markDuplicate(transit: Transit): void {
  if (transit.slab) transit.slab.bytes[transit.start] |= DUP;
}

/** Writes the packet identifier into the frame. */
export function stampId(transit: Transit, id: number): void {
  transit.targetId = id;
  if (!transit.slab) return;
  transit.slab.bytes[transit.idAt] = id >> 8;
  transit.slab.bytes[transit.idAt + 1] = id & 0xff;
}

/**
 * Takes whole seconds held off the Message Expiry Interval. Returns false when nothing is left of it, and leaves one
 * second, as some brokers take 0 for no expiry at all. An interval of 0 in the frame is such a broker's "never".
 */
export function stampExpiry(transit: Transit, now: number): boolean {
  const held = Math.floor((now - transit.heldSince) / 1000);
  if (held <= 0 || !transit.slab) return true;
  const { bytes } = transit.slab;
  const interval = bytes.readUInt32BE(transit.expiryAt);
  if (interval === 0) return true;
  const left = interval - held;
  bytes.writeUInt32BE(Math.max(left, 1), transit.expiryAt);
  transit.heldSince += held * 1000;
  return left > 0;
}

/** Makes an expiry of 0 seconds 1, for a target that takes 0 for "never". */
export function raiseZeroExpiry(bytes: Buffer, expiryAt: number): void {
  if (expiryAt >= 0 && bytes.readUInt32BE(expiryAt) === 0) bytes[expiryAt + 3] = 1;
}

function lowerQos(transit: Transit, qos: 0 | 1 | 2): void {
  const { slab } = transit;
  if (!slab) return;
  transit.lane.counters.qosLowered++;
  transit.qos = qos;
  slab.bytes[transit.start] = (slab.bytes[transit.start] & ~QOS) | (qos << 1);
  if (qos === 0) removePacketId(transit);
}

/** Moves the topic over the identifier and writes a new fixed header in front; the frame gets shorter at its start. */
function removePacketId(transit: Transit): void {
  const { slab, start, idAt, end } = transit;
  if (!slab) return;
  const { bytes } = slab;
  const first = bytes[start];
  const body = bodyAt(bytes, start);
  bytes.copyWithin(body + 2, body, idAt);
  const remaining = end - body - 2;
  transit.start = body + 2 - varintLength(remaining) - 1;
  bytes[transit.start] = first;
  writeVarint(bytes, transit.start + 1, remaining);
  transit.idAt = -1;
}

function bodyAt(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (bytes[at] >= 0x80) at++;
  return at + 1;
}
