import { fieldsOf, isFields, refusalOf } from './answer.ts';
import type { WatchEvent } from './client.ts';
import { ExchangeError } from './exchange.ts';
import type { StoredObject } from './object.ts';

const LINE_FEED = 0x0a;

/** Lines of a stream, which may be cut anywhere, within a character too; throws ExchangeError for one of more bytes than the limit. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      parts.push(chunk.subarray(start, end));
      start = end + 1;
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
    }
    const rest = chunk.subarray(start);
    length += rest.length;
    if (length > limit) throw new ExchangeError(`an event of a watch has more than ${limit / 1024 / 1024} MiB`);
    if (rest.length > 0) parts.push(rest);
  }
  // What comes last without a line feed was cut off: it is no event.
}

/** One line of a watch; undefined for a kind of event that means nothing here, and throws ApiError for one that tells of an error. */
export function eventOf(line: string): WatchEvent | undefined {
  const { type, object } = fieldsOf(line);
  if (!isFields(object)) throw new ExchangeError('the API server sent an event without an object');
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { kind: 'changed', object: storedObject(object) };
    case 'DELETED':
      return { kind: 'removed', object: storedObject(object) };
    case 'BOOKMARK':
      return bookmarkOf(object);
    case 'ERROR':
      throw refusalOf(object);
    default:
      return undefined;
  }
}

function bookmarkOf({ metadata }: Readonly<Record<string, unknown>>): WatchEvent | undefined {
  const version = isFields(metadata) ? metadata['resourceVersion'] : undefined;
  return typeof version === 'string' && version !== '' ? { kind: 'bookmark', resourceVersion: version } : undefined;
}

/** An object as it is, if it has what every stored object has; throws ExchangeError. */
export function storedObject(object: Readonly<Record<string, unknown>>): StoredObject {
  const { metadata } = object;
  const whole =
    isFields(metadata) &&
    ['name', 'namespace', 'uid', 'resourceVersion'].every(
      (field) => typeof metadata[field] === 'string' && metadata[field] !== '',
    );
  if (!whole) throw new ExchangeError('the API server sent an object without name, namespace, uid or version');
  return object as unknown as StoredObject;
}
