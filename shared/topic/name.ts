/** Longest UTF-8 string MQTT can carry, in bytes (MQTT5 1.5.4). */
export const MAX_STRING_BYTES = 65_535;

/** Length of a string in UTF-8 bytes; a lone surrogate counts as three. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A pair takes four bytes in two units, so each half counts one more than its unit.
    bytes += unit < 0x800 || isSurrogate(unit) ? 1 : 2;
  }
  return bytes;
}

/** Why a string cannot be an MQTT topic name, as a clause for a message; undefined when it can. */
export function topicNameFault(topic: string): string | undefined {
  if (topic.includes('+') || topic.includes('#')) return 'a topic name contains no wildcards';
  return stringFault(topic);
}

/** What topic names and topic filters have in common: MQTT5 4.7.3 and 1.5.4. */
export function stringFault(text: string): string | undefined {
  if (text === '') return 'it is empty';
  if (text.includes('\0')) return 'it contains the NUL character';
  if (!text.isWellFormed()) return 'it contains half of a surrogate pair, which UTF-8 cannot carry';
  if (text.length * 3 > MAX_STRING_BYTES && utf8Length(text) > MAX_STRING_BYTES) {
    return `it is longer than ${MAX_STRING_BYTES} bytes`;
  }
  return undefined;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
