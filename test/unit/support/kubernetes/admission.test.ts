import { describe, expect, it } from 'vitest';
import type { StructuralSchema } from '../../../../shared/schema/structural.ts';
import { admit } from '../../../support/kubernetes/admission.ts';

const schema: StructuralSchema = {
  type: 'object',
  properties: {
    metadata: { type: 'object' },
    inner: {
      type: 'object',
      default: {},
      properties: { text: { type: 'string', default: 'a' }, count: { type: 'integer' } },
    },
    list: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, on: { type: 'boolean', default: true } },
      },
    },
    word: { type: 'string', 'x-kubernetes-validations': [{ rule: "self != 'bad'", message: 'BC003 not this' }] },
  },
};

describe('what the API server stores', () => {
  it.each<[string, object, object]>([
    ['has defaults inside of defaults', {}, { inner: { text: 'a' } }],
    ['has defaults in items', { list: [{ name: 'x' }] }, { inner: { text: 'a' }, list: [{ name: 'x', on: true }] }],
    ['has a default instead of null', { inner: { text: null } }, { inner: { text: 'a' } }],
    ['has nothing instead of null', { inner: { count: null }, word: null }, { inner: { text: 'a' } }],
    [
      'keeps metadata',
      { metadata: { labels: { a: 'b' } } },
      { metadata: { labels: { a: 'b' } }, inner: { text: 'a' } },
    ],
  ])('%s', (_what, sent, stored) => {
    expect(admit(schema, sent)).toEqual({ object: stored, unknown: [], faults: [] });
  });

  it('lacks unknown fields at every depth, which are told', () => {
    const { object, unknown } = admit(schema, { more: 1, inner: { constructor: 1 }, list: [{ name: 'x', more: 1 }] });
    expect(object).toEqual({ inner: { text: 'a' }, list: [{ name: 'x', on: true }] });
    expect(unknown).toEqual(['.more', '.inner.constructor', '.list[0].more']);
  });
});

describe('what the API server refuses', () => {
  it.each<[string, object, string[]]>([
    ['by its schema', { inner: { count: 'x' } }, ['/inner/count: must be integer']],
    ['by a key that is there twice', { list: [{ name: 'x' }, { name: 'x' }] }, ['.list[1]: Duplicate value']],
    ['by a rule', { word: 'bad' }, ['.word: BC003 not this']],
    ['by a rule only when the schema fits', { word: 'bad', inner: 1 }, ['/inner: must be object']],
  ])('is refused %s', (_what, sent, faults) => {
    expect(admit(schema, sent).faults).toEqual(faults);
  });
});
