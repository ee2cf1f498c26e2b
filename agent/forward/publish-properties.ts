import { ReasonCode } from '../session/reason-code.ts';
import { HOP_NAME, hopsIn } from './hop-count.ts';
import type { PublishView } from './publish-view.ts';
import { textFault } from './utf8.ts';

/** Identifiers of the properties a PUBLISH may carry (MQTT5 table 2-4). */
const Property = {
  payloadFormat: 0x01,
  messageExpiry: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  subscriptionIdentifier: 0x0b,
  topicAlias: 0x23,
  userProperty: 0x26,
} as const;

/**
 * Walks the properties of `view` from their length at `at` on, checking each (MQTT5 3.3.2.3).
 * @returns 0 or a reason code, as parsePublish.
 */
export function readProperties(view: PublishView, at: number): number {
  view.expiryAt = -1;
  view.alias = 0;
  view.hops = 0;
  view.skips.length = 0;
  view.skippedBytes = 0;
  const { bytes, end } = view;
  const length = varintAt(bytes, at, end);
  if (length < 0) return view.refuse(ReasonCode.malformedPacket, 'property length');
  view.propertiesStart = at + varintBytes(bytes, at);
  view.propertiesEnd = view.propertiesStart + length;
  view.payloadStart = view.propertiesEnd;
  if (view.propertiesEnd > end) return view.refuse(ReasonCode.malformedPacket, 'properties longer than the packet');
  if (length > 0) {
    const refused = walk(view);
    if (refused !== 0) return refused;
  }
  if (view.topicEnd === view.topicStart && view.alias === 0) {
    return view.refuse(ReasonCode.topicNameInvalid, 'empty topic without an alias');
  }
  return 0;
}

function walk(view: PublishView): number {
  const { bytes, propertiesEnd: end } = view;
  let seen = 0;
  let at = view.propertiesStart;
  while (at < end) {
    const id = bytes[at];
    const next = at + 1;
    if (id === Property.userProperty) {
      at = userProperty(view, at, end);
    } else if (id === Property.subscriptionIdentifier) {
      at = subscriptionIdentifier(view, at, end);
    } else {
      const bit = id < 31 ? 1 << id : 1 << 31;
      if ((seen & bit) !== 0) return view.refuse(ReasonCode.protocolError, `property ${id} twice`);
      seen |= bit;
      at = single(view, id, next, end);
    }
    if (at < 0) return -at;
  }
  return 0;
}

/** Reads a property that may occur once; returns the offset behind it, or a negative reason code. */
function single(view: PublishView, id: number, at: number, end: number): number {
  const { bytes } = view;
  switch (id) {
    case Property.payloadFormat:
      if (at + 1 > end) return short(view);
      return bytes[at] > 1 ? -view.refuse(ReasonCode.protocolError, 'payload format above 1') : at + 1;
    case Property.messageExpiry:
      if (at + 4 > end) return short(view);
      if (view.zeroExpiryIsNever && isZero(bytes, at)) skip(view, at - 1, at + 4);
      else view.expiryAt = at;
      return at + 4;
    case Property.contentType:
      return text(view, at, end, 'content type');
    case Property.responseTopic:
      return responseTopic(view, at, end);
    case Property.correlationData:
      return binaryEnd(view, at, end);
    case Property.topicAlias:
      if (at + 2 > end) return short(view);
      view.alias = (bytes[at] << 8) | bytes[at + 1];
      if (view.alias === 0) return -view.refuse(ReasonCode.topicAliasInvalid, 'topic alias 0');
      skip(view, at - 1, at + 2);
      return at + 2;
    default:
      return -view.refuse(ReasonCode.protocolError, `property ${id} is not for PUBLISH`);
  }
}

function userProperty(view: PublishView, at: number, end: number): number {
  const nameEnd = text(view, at + 1, end, 'user property name');
  if (nameEnd < 0) return nameEnd;
  const valueEnd = text(view, nameEnd, end, 'user property value');
  if (valueEnd < 0) return valueEnd;
  if (view.countHops && nameEnd - at - 3 === HOP_NAME.length) {
    const hops = hopsIn(view.bytes, at + 3, nameEnd + 2, valueEnd);
    if (hops >= 0) {
      view.hops = Math.max(view.hops, hops);
      skip(view, at, valueEnd);
    }
  }
  return valueEnd;
}

function subscriptionIdentifier(view: PublishView, at: number, end: number): number {
  const value = varintAt(view.bytes, at + 1, end);
  if (value < 0) return short(view);
  if (value === 0) return -view.refuse(ReasonCode.protocolError, 'subscription identifier 0');
  const next = at + 1 + varintBytes(view.bytes, at + 1);
  skip(view, at, next);
  return next;
}

function responseTopic(view: PublishView, at: number, end: number): number {
  const next = text(view, at, end, 'response topic');
  for (let i = at + 2; i < next; i++) {
    if (view.bytes[i] === 0x23 || view.bytes[i] === 0x2b) {
      return -view.refuse(ReasonCode.protocolError, 'wildcard in the response topic');
    }
  }
  return next;
}

function text(view: PublishView, at: number, end: number, what: string): number {
  const next = binaryEnd(view, at, end);
  if (next < 0) return next;
  const fault = textFault(view.bytes, at + 2, next);
  return fault === undefined ? next : -view.refuse(ReasonCode.malformedPacket, `${what}: ${fault}`);
}

function binaryEnd(view: PublishView, at: number, end: number): number {
  if (at + 2 > end) return short(view);
  const next = at + 2 + ((view.bytes[at] << 8) | view.bytes[at + 1]);
  return next > end ? short(view) : next;
}

function short(view: PublishView): number {
  return -view.refuse(ReasonCode.malformedPacket, 'a property longer than the properties');
}

function isZero(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] | bytes[at + 1] | bytes[at + 2] | bytes[at + 3]) === 0;
}

function skip(view: PublishView, from: number, to: number): void {
  view.skips.push(from, to);
  view.skippedBytes += to - from;
}

/** Value of the Variable Byte Integer at `at`, or -1 when it is cut off or too long. */
function varintAt(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    if (at + i >= end) return -1;
    const byte = bytes[at + i];
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return value;
  }
  return -1;
}

function varintBytes(bytes: Uint8Array, at: number): number {
  let count = 1;
  while (bytes[at + count - 1] >= 0x80) count++;
  return count;
}
