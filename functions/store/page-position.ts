import { StoreError } from './store-error.ts';

const LONGEST = 2048;

/** Makes the opaque `continue` of a page from the key of its last item. */
export function encodePosition(key: string): string {
  return Buffer.from(key).toString('base64url');
}

/** Reads a `continue` back; throws `bad-continue` for what `encodePosition` did not make of a key of this pattern. */
export function decodePosition(token: string, pattern: RegExp): string {
  const key = token.length <= LONGEST ? Buffer.from(token, 'base64url').toString() : '';
  if (pattern.test(key) && encodePosition(key) === token) return key;
  throw new StoreError('bad-continue', 'this is not the "continue" of an earlier page');
}

/** Keys of sites. */
export const SITE_KEY = /^[\w.-]{1,255}$/;

/** Keys of events. */
export const EVENT_KEY = /^\d{13}-[\w.-]{1,255}$/;
