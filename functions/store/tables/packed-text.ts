import { gunzipSync, gzipSync } from 'node:zlib';
import { StoreError } from '../store-error.ts';

/** Properties of an entity. */
export type Properties = Readonly<Record<string, string | number | boolean | Uint8Array>>;

// Limits of Azure Tables: 64 KiB for a property (a string counts two bytes per character), 1 MiB for an entity.
const LONGEST_STRING = 32_768;
const LARGEST_BINARY = 65_536;
const MOST_PARTS = 15;
const LARGEST_ENTITY = 1_048_576;

/**
 * Properties that hold a text: one of that name, or, of a text over 32 K characters, its gzip in up to 15 numbered
 * parts. Throws `too-large` when it does not fit.
 */
export function packText(name: string, text: string): Properties {
  if (text.length <= LONGEST_STRING) return { [name]: text };
  // Level 1: large reports are packed once per interval, and half as small is small enough.
  const bytes = gzipSync(text, { level: 1 });
  const parts = Math.ceil(bytes.length / LARGEST_BINARY);
  if (parts > MOST_PARTS) throw tooLarge();
  return Object.fromEntries(
    Array.from({ length: parts }, (_, part) => {
      const from = part * LARGEST_BINARY;
      return [name + part, bytes.subarray(from, from + LARGEST_BINARY)];
    }),
  );
}

/** Names of the properties that may hold a text, for `select`. */
export function partsOf(name: string): readonly string[] {
  return [name, ...Array.from({ length: MOST_PARTS }, (_, part) => name + part)];
}

/** Reads back what `packText` made. */
export function unpackText(name: string, entity: Readonly<Record<string, unknown>>): string {
  const whole = entity[name];
  if (typeof whole === 'string') return whole;
  const parts = partsOf(name).map((part) => entity[part]);
  return gunzipSync(Buffer.concat(parts.filter((part) => part instanceof Uint8Array))).toString();
}

/** Gives the properties back; throws `too-large` when no entity can hold them. */
export function checkedSize<T extends Properties>(properties: T): T {
  const sizes = Object.entries(properties).map(([name, value]) => 2 * name.length + sizeOf(value) + 16);
  if (sizes.reduce((sum, size) => sum + size, 0) > LARGEST_ENTITY) throw tooLarge();
  return properties;
}

function sizeOf(value: Properties[string]): number {
  if (typeof value === 'string') return 2 * value.length;
  return value instanceof Uint8Array ? value.length : 8;
}

function tooLarge(): StoreError {
  return new StoreError('too-large', 'this is more than an entity of Azure Tables can hold: 1 MiB, compressed');
}
