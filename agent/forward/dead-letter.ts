import { countDropped, type DropReason } from './counters.ts';
import { takeTransit, type Transit } from './transit.ts';
import { varintLength, writeVarint } from './varint.ts';

/**
 * Decides about a message the target refused for good, as its route says: drop it, keep trying, or put a copy of it
 * at the source broker, whose acknowledgement then counts as the message's own.
 */
export function handleRefused(transit: Transit, reason: DropReason, version: 4 | 5): void {
  const { lane, original } = transit;
  if (original) {
    countDropped(original.lane.counters, reason);
    transit.original = undefined;
    original.lane.target.settle(original);
    original.lane.deadLetters.settle(transit);
    return;
  }
  const policy = lane.route.onReject;
  if (policy === 'block') {
    lane.target.repeat(transit, 'blocked');
    return;
  }
  const frame = policy === 'deadLetter' ? deadLetterFrame(transit, reason, version) : undefined;
  if (!frame) {
    countDropped(lane.counters, reason);
    lane.target.settle(transit);
    return;
  }
  const copy = takeTransit();
  copy.lane = lane;
  copy.original = transit;
  copy.receiver = undefined;
  copy.receivedAt = transit.receivedAt;
  copy.heldSince = transit.heldSince;
  copy.qos = 1;
  lane.deadLetters.submitFrame(copy, frame.bytes, frame);
}

interface DeadLetter {
  readonly bytes: Buffer;
  readonly idAt: number;
  readonly expiryAt: number;
}

/** The refused frame under its dead-letter topic at QoS 1, with the reason as a user property in MQTT 5. */
function deadLetterFrame(transit: Transit, reason: DropReason, version: 4 | 5): DeadLetter | undefined {
  const { slab, lane } = transit;
  if (!slab) return undefined;
  const topic = Buffer.from(`${lane.deadLetterTopic}/${transit.sourceTopic}`);
  if (topic.length > 65_535) return undefined;
  const from = afterTopic(slab.bytes, transit.start) + (transit.qos > 0 ? 2 : 0);
  const rest =
    version === 5 ? withReason(slab.bytes, from, transit.end, reason) : slab.bytes.subarray(from, transit.end);
  const remaining = 2 + topic.length + 2 + rest.length;
  const head = 1 + varintLength(remaining);
  const bytes = Buffer.allocUnsafeSlow(head + remaining);
  bytes[0] = 0x32;
  writeVarint(bytes, 1, remaining);
  bytes.writeUInt16BE(topic.length, head);
  topic.copy(bytes, head + 2);
  const idAt = head + 2 + topic.length;
  rest.copy(bytes, idAt + 2);
  return { bytes, idAt, expiryAt: -1 };
}

function withReason(bytes: Buffer, at: number, end: number, reason: DropReason): Buffer {
  let length = 0;
  let from = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[from++];
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const name = 'mqttbridge-reason';
  const property = Buffer.alloc(5 + name.length + reason.length);
  property[0] = 0x26;
  property.writeUInt16BE(name.length, 1);
  property.write(name, 3);
  property.writeUInt16BE(reason.length, 3 + name.length);
  property.write(reason, 5 + name.length);
  const lengthBytes = Buffer.alloc(varintLength(length + property.length));
  writeVarint(lengthBytes, 0, length + property.length);
  return Buffer.concat([
    lengthBytes,
    bytes.subarray(from, from + length),
    property,
    bytes.subarray(from + length, end),
  ]);
}

function afterTopic(bytes: Buffer, start: number): number {
  let body = start + 1;
  while (bytes[body] >= 0x80) body++;
  body++;
  return body + 2 + bytes.readUInt16BE(body);
}
