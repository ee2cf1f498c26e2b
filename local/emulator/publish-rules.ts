import { property } from '../broker/codec/properties.ts';
import { readBinary, readByte, readerOf } from '../broker/codec/reader.ts';
import type { ReceivedPublish, Refusal } from '../broker/hooks.ts';
import { reason } from '../broker/reason.ts';
import type { ServiceSettings } from './settings.ts';

type Sizes = Pick<
  ServiceSettings,
  | 'maximumResponseTopicBytes'
  | 'maximumContentTypeBytes'
  | 'maximumCorrelationDataBytes'
  | 'maximumUserPropertyBytes'
  | 'retainV3'
>;

/** Bytes of those properties of a PUBLISH that have a limit, from bytes the broker has checked already. */
function measure(properties: Buffer): Map<number, number> {
  const sizes = new Map<number, number>();
  const reader = readerOf(properties);
  while (reader.at < reader.end) {
    const id = readByte(reader);
    if (id === property.payloadFormatIndicator) {
      readByte(reader);
      continue;
    }
    let size = readBinary(reader).length;
    if (id === property.userProperty) size += readBinary(reader).length;
    sizes.set(id, (sizes.get(id) ?? 0) + size);
  }
  return sizes;
}

function tooLarge(settings: Sizes, properties: Buffer): boolean {
  if (properties.length === 0) return false;
  const sizes = measure(properties);
  const exceeds = (id: number, maximum: number): boolean => (sizes.get(id) ?? 0) > maximum;
  return (
    exceeds(property.responseTopic, settings.maximumResponseTopicBytes) ||
    exceeds(property.contentType, settings.maximumContentTypeBytes) ||
    exceeds(property.correlationData, settings.maximumCorrelationDataBytes) ||
    exceeds(property.userProperty, settings.maximumUserPropertyBytes)
  );
}

/** What the service says against the form of a message; every such message ends its connection. */
export function formRefusal(settings: Sizes, publish: ReceivedPublish): Refusal | undefined {
  if (publish.retain && publish.version === 4 && settings.retainV3 === 'disconnect') {
    return { reasonCode: reason.retainNotSupported, disconnect: true };
  }
  return tooLarge(settings, publish.properties) ? { reasonCode: reason.packetTooLarge, disconnect: true } : undefined;
}
