/**
 * User property that counts the bridges a message came through, so that a loop between agents ends.
 * Our agents add one to it; its value is a decimal number of at most three digits.
 */
export const HOP_NAME = Buffer.from('mqttbridge-hops');

/** Bytes a hop property with this count takes in the properties of a PUBLISH. */
export function hopPropertyLength(hops: number): number {
  return 1 + 2 + HOP_NAME.length + 2 + (hops < 10 ? 1 : hops < 100 ? 2 : 3);
}

/**
 * The hop count when the user property name at `nameStart` is ours, otherwise -1.
 * A value that is no count is read as the largest one: better to drop a forged message than to let it circle.
 */
export function hopsIn(bytes: Uint8Array, nameStart: number, valueStart: number, valueEnd: number): number {
  for (let i = 0; i < HOP_NAME.length; i++) {
    if (bytes[nameStart + i] !== HOP_NAME[i]) return -1;
  }
  const digits = valueEnd - valueStart;
  if (digits < 1 || digits > 3) return MAX_HOPS;
  let hops = 0;
  for (let i = valueStart; i < valueEnd; i++) {
    const digit = bytes[i] - 0x30;
    if (digit < 0 || digit > 9) return MAX_HOPS;
    hops = hops * 10 + digit;
  }
  return hops;
}

/** Writes the hop property at `at` and returns the offset behind it. */
export function writeHopProperty(bytes: Uint8Array, at: number, hops: number): number {
  bytes[at] = 0x26;
  bytes[at + 1] = 0;
  bytes[at + 2] = HOP_NAME.length;
  bytes.set(HOP_NAME, at + 3);
  let next = at + 3 + HOP_NAME.length;
  const digits = hops < 10 ? 1 : hops < 100 ? 2 : 3;
  bytes[next] = 0;
  bytes[next + 1] = digits;
  next += 2;
  for (let i = digits - 1, rest = hops; i >= 0; i--, rest = (rest / 10) | 0) bytes[next + i] = 0x30 + (rest % 10);
  return next + digits;
}

const MAX_HOPS = 999;
