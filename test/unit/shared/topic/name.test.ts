import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { topicNameFault, utf8Length } from '../../../../shared/topic/name.ts';

it.each(['a', '/', 'a b', '$SYS/x', '日本/😀', 'x'.repeat(65_535)])('%# is a topic name', (topic) => {
  expect(topicNameFault(topic)).toBeUndefined();
});

it.each(['', 'a/+', '#', 'a+b', 'a\0', '\uDC00', 'x'.repeat(65_536), '😀'.repeat(16_384)])('%# is none', (topic) => {
  expect(topicNameFault(topic)).toBeTypeOf('string');
});

it('counts UTF-8 bytes as an encoder does', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => utf8Length(text) === Buffer.byteLength(text)));
});
