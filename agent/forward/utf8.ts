/** What a byte range turned out to be; `text` is fit for an MQTT UTF-8 string. */
export type TextFault = 'bad_utf8' | 'nul' | 'noncharacter';

/**
 * Why bytes[start, end) is not a UTF-8 Encoded String a server may send, or undefined when it is.
 * Ill-formed sequences, surrogates and U+0000 must not appear (MQTT5 1.5.4); noncharacters may be refused, and are,
 * since the next broker may close the connection over them.
 */
export function textFault(bytes: Uint8Array, start: number, end: number): TextFault | undefined {
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === 0) return 'nul';
    if (byte >= 0x80) return multibyteFault(bytes, at, end);
  }
  return undefined;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function multibyteFault(bytes: Uint8Array, start: number, end: number): TextFault | undefined {
  let text: string;
  try {
    text = strict.decode(bytes.subarray(start, end));
  } catch {
    return 'bad_utf8';
  }
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point === 0) return 'nul';
    if ((point & 0xfffe) === 0xfffe || (point >= 0xfdd0 && point <= 0xfdef)) return 'noncharacter';
  }
  return undefined;
}
