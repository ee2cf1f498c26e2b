import { hopPropertyLength, writeHopProperty } from './hop-count.ts';
import type { PublishView } from './publish-view.ts';
import { varintLength, writeVarint } from './varint.ts';

/** How a received message is to be published at the target. */
export interface PublishShape {
  readonly version: 4 | 5;
  readonly topic: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  /** Value of the hop property to append, or 0 to append none. */
  readonly hops: number;
}

/** Bytes the properties of `view` take in the outgoing packet, without their length. */
function propertyBytes(view: PublishView, shape: PublishShape): number {
  const kept = view.propertiesEnd - view.propertiesStart - view.skippedBytes;
  return shape.hops > 0 ? kept + hopPropertyLength(shape.hops) : kept;
}

/** Remaining Length of the PUBLISH that carries `view` in the given shape. */
export function remainingLengthOf(view: PublishView, shape: PublishShape): number {
  let length = 2 + shape.topic.length + (shape.qos > 0 ? 2 : 0) + view.end - view.payloadStart;
  if (shape.version === 5) {
    const properties = propertyBytes(view, shape);
    length += varintLength(properties) + properties;
  }
  return length;
}

/** Where the encoder put the fields that may change until the frame is sent; one object is reused. */
export interface EncodedAt {
  end: number;
  /** Offset of the packet identifier, or -1 at QoS 0. */
  idAt: number;
  /** Offset of the Message Expiry Interval, or -1. */
  expiryAt: number;
}

/**
 * Writes the PUBLISH at `at`. Payload and kept properties are copied byte for byte, in their order (MQTT5 3.3.2.3);
 * topic alias and subscription identifiers are left out, as they belong to the connection they came from.
 */
export function encodePublish(
  view: PublishView,
  shape: PublishShape,
  remaining: number,
  into: Buffer,
  at: number,
  out: EncodedAt,
): void {
  into[at] = 0x30 | (shape.qos << 1) | (shape.retain ? 1 : 0);
  let to = writeVarint(into, at + 1, remaining);
  const { topic } = shape;
  into[to] = topic.length >> 8;
  into[to + 1] = topic.length & 0xff;
  into.set(topic, to + 2);
  to += 2 + topic.length;
  out.idAt = -1;
  if (shape.qos > 0) {
    out.idAt = to;
    to += 2;
  }
  out.expiryAt = -1;
  if (shape.version === 5) to = writeProperties(view, shape, into, to, out);
  view.bytes.copy(into, to, view.payloadStart, view.end);
  out.end = to + view.end - view.payloadStart;
}

function writeProperties(view: PublishView, shape: PublishShape, into: Buffer, at: number, out: EncodedAt): number {
  let to = writeVarint(into, at, propertyBytes(view, shape));
  let from = view.propertiesStart;
  const { skips } = view;
  for (let i = 0; i < skips.length; i += 2) {
    to = copyProperties(view, into, from, skips[i], to, out);
    from = skips[i + 1];
  }
  to = copyProperties(view, into, from, view.propertiesEnd, to, out);
  return shape.hops > 0 ? writeHopProperty(into, to, shape.hops) : to;
}

function copyProperties(
  view: PublishView,
  into: Buffer,
  from: number,
  end: number,
  to: number,
  out: EncodedAt,
): number {
  if (from >= end) return to;
  view.bytes.copy(into, to, from, end);
  if (view.expiryAt >= from && view.expiryAt < end) out.expiryAt = to + view.expiryAt - from;
  return to + end - from;
}
