import { fc, test as propertyTest } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { ApiError } from '../../../kubernetes/client.ts';
import { ExchangeError } from '../../../kubernetes/exchange.ts';
import { eventOf, linesOf } from '../../../kubernetes/watch-stream.ts';

async function* chunksOf(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, end] of places.slice(1).entries()) yield bytes.subarray(places[index], end);
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const line = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ''));

propertyTest.prop([fc.array(line), line, fc.array(fc.nat())])(
  'stream - is the same lines wherever it is cut, and what has no end is none',
  async (lines, rest, cuts) => {
    const bytes = Buffer.from(`${lines.map((each) => `${each}\n`).join('')}${rest}`);
    expect(await collected(linesOf(chunksOf(bytes, cuts), 1_000))).toEqual(lines);
  },
);

test('stream - refuses a line that does not end', async () => {
  const chunks = chunksOf(Buffer.alloc(4_000, 'x'), [1_000, 2_000, 3_000]);
  await expect(collected(linesOf(chunks, 2_500))).rejects.toThrow('an event of a watch has more than');
});

const object = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'a', namespace: 'b', uid: 'c', resourceVersion: '7' },
};

test.for([
  { type: 'ADDED', event: { kind: 'changed', object } },
  { type: 'MODIFIED', event: { kind: 'changed', object } },
  { type: 'DELETED', event: { kind: 'removed', object } },
  { type: 'BOOKMARK', event: { kind: 'bookmark', resourceVersion: '7' } },
  { type: 'SOMETHING', event: undefined },
])('event - $type is $event.kind', ({ type, event }) => {
  expect(eventOf(JSON.stringify({ type, object }))).toEqual(event);
});

const anyEvent = fc.record(
  {
    type: fc.oneof(fc.constantFrom('ADDED', 'DELETED', 'BOOKMARK', 'ERROR'), fc.jsonValue()),
    object: fc.oneof(
      fc.jsonValue(),
      fc.record({ metadata: fc.jsonValue(), code: fc.jsonValue(), reason: fc.jsonValue(), details: fc.jsonValue() }),
    ),
  },
  { requiredKeys: [] },
);

propertyTest.prop([
  fc.oneof(
    fc.string(),
    fc.json(),
    anyEvent.map((value) => JSON.stringify(value)),
  ),
])('event - whatever comes is an event, nothing, or an error of the API server', (text) => {
  try {
    const event = eventOf(text);
    if (event?.kind === 'changed') expect(event.object.metadata.uid).not.toBe('');
  } catch (error) {
    expect(error instanceof ApiError || error instanceof ExchangeError).toBe(true);
  }
});

test('event - a bookmark without a version says nothing', () => {
  expect(eventOf('{"type":"BOOKMARK","object":{"metadata":{}}}')).toBeUndefined();
});

test('event - ERROR is thrown as what its status says', () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (2)' };
  expect(() => eventOf(JSON.stringify({ type: 'ERROR', object: status }))).toThrow(
    expect.objectContaining({ code: 410, reason: 'Expired', message: status.message }),
  );
  expect(() => eventOf('{"type":"ERROR","object":{}}')).toThrow(ApiError);
});

test.for(['', 'null', '[]', '7', '{', '{"type":"ADDED"}', '{"type":"ADDED","object":{"metadata":{"name":"a"}}}'])(
  'event - %s is none',
  (text) => {
    expect(() => eventOf(text)).toThrow('the API server');
  },
);
