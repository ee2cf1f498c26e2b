import { createHash } from 'node:crypto';
import { StoreError } from './store-error.ts';

const LONGEST_NAME = 1024;
// Two parts and what is between them fit into the 512 characters that Azure Tables allow for a key.
const LONGEST_PART = 255;
const UNSAFE = /[^A-Za-z0-9.-]/gu;

/** Gives a name back that can be a part of a key; throws `bad-name` for one that is empty, endless or no text. */
export function checkedName(name: string): string {
  // Ill-formed names would all become the same one in UTF-8, and for parts of SQLite a text ends at U+0000.
  const isText = name.isWellFormed() && !name.includes('\0');
  if (isText && name !== '' && name.length <= LONGEST_NAME) return name;
  throw new StoreError('bad-name', `a name must have 1 to ${LONGEST_NAME} characters and be text without U+0000`);
}

/**
 * Writes a name as a part of a key: letters, digits, `.` and `-` stay, everything else becomes `_` with its UTF-8 bytes in
 * hexadecimal, and what is too long its SHA-256. No two names have the same key, and none has a separator in it.
 */
export function keyPart(name: string): string {
  const escaped = checkedName(name).replaceAll(UNSAFE, escapeCharacter);
  return escaped.length <= LONGEST_PART ? escaped : `__${createHash('sha256').update(name).digest('hex')}`;
}

function escapeCharacter(character: string): string {
  return Array.from(Buffer.from(character), (byte) => `_${byte.toString(16).padStart(2, '0')}`).join('');
}

// 13 digits reach to the year 2286.
const END_OF_TIME = 9_999_999_999_999;

/** Key of an event: keys ascend from the newest to the oldest, and by id within a millisecond. */
export function eventKey(event: { readonly at: string; readonly id: string }): string {
  return `${inverted(event.at)}-${keyPart(event.id)}`;
}

/** Keys of events at or after a time (RFC 3339) are below this one, all others are not. */
export function keyAfterEventsSince(time: string): string {
  return `${inverted(time)}.`;
}

function inverted(time: string): string {
  const milliseconds = Math.min(Math.max(Date.parse(time), 0), END_OF_TIME);
  return String(END_OF_TIME - milliseconds).padStart(13, '0');
}
