import { describe, expect, it } from 'vitest';
import type { StructuralSchema } from '../../../../shared/schema/structural.ts';
import { structuralFaults } from '../../../support/kubernetes/structural-faults.ts';

const root = (field: object): StructuralSchema => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { field: field as StructuralSchema } } },
});
const at = (reason: string) => [`.spec.field: ${reason}`];
const text = { type: 'string' };
const byName = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
const rule = (expression: string, message = 'wrong') => ({
  'x-kubernetes-validations': [{ rule: expression, message }],
});

describe('a structural schema', () => {
  it.each<[string, object, string]>([
    ['a node without a type', {}, 'the type undefined is none'],
    [
      'additionalProperties: false',
      { type: 'object', additionalProperties: false },
      'the keyword additionalProperties is not allowed',
    ],
    ['a reference', { ...text, $ref: '#/x' }, 'the keyword $ref is not allowed'],
    ['alternatives', { ...text, oneOf: [{ type: 'string' }] }, 'the keyword oneOf is not allowed'],
    ['a list without items', { type: 'array' }, 'a list says what its items are'],
    ['fields of a text', { ...text, properties: {} }, 'only an object has fields'],
    [
      'a required field that is not defined',
      { type: 'object', required: ['a'] },
      'the required field a is not defined',
    ],
    [
      'a key that may be absent',
      { type: 'array', ...byName, items: { type: 'object', properties: { name: text } } },
      'the key name is neither required nor has it a default',
    ],
    [
      'a key that is no scalar',
      { type: 'array', ...byName, items: { type: 'object' } },
      'the key name is no scalar field',
    ],
    [
      'a list type of a text',
      { ...text, 'x-kubernetes-list-type': 'set' },
      'only a list has items, list type and keys',
    ],
    ['a default of another type', { type: 'integer', default: 'x' }, 'the default: : must be integer'],
    ['a default with an unknown field', { type: 'object', default: { a: 1 } }, 'the default: .a: not known'],
    ['a default that a rule refuses', { ...text, default: '', ...rule("self != ''") }, 'the default: : wrong'],
    [
      'a default about which a rule cannot be asked',
      { type: 'object', default: {}, properties: { a: { type: 'boolean', default: true } }, ...rule('self.a') },
      'the default: TypeError: no such key: a',
    ],
    ['an enum of another type', { ...text, enum: [1] }, 'the enum: : must be string'],
    ['look-ahead', { ...text, pattern: '^(?!a)' }, 'the pattern has a group that RE2 lacks'],
    [
      'a back reference',
      { ...text, pattern: '(a)\\1' },
      'the pattern has an escape that RE2 and JavaScript read differently',
    ],
    ['too many repeats', { ...text, pattern: 'a{1,1001}' }, 'the pattern repeats too often'],
    [
      'look-behind in a rule',
      { ...text, ...rule("self.matches(r'(?<=a)b')") },
      'the pattern has a group that RE2 lacks',
    ],
    [
      'a message of two lines',
      { ...text, ...rule('true', 'a\nb') },
      'a message is one line of 2,048 characters at most',
    ],
    ['an unknown format', { ...text, format: 'uri' }, 'the format uri is not known'],
  ])('does not have %s', (_what, field, reason) => {
    expect(structuralFaults(root(field))).toEqual(at(reason));
  });

  it('says nothing of metadata but its type, and has an object as root without a default', () => {
    const metadata: StructuralSchema = { type: 'object', properties: { name: { type: 'string' } } };
    expect(structuralFaults({ type: 'object', properties: { metadata } })).toEqual([
      '.metadata: only its type may be said',
    ]);
    expect(structuralFaults({ type: 'object', default: {} })).toEqual(['.: the root has no default']);
    expect(structuralFaults({ type: 'string' })).toEqual(['.: the root is an object']);
  });

  it('may be as plain as this', () => {
    const route = { type: 'object', required: ['name'], properties: { name: text } };
    expect(structuralFaults(root({ type: 'array', ...byName, items: route, default: [] }))).toEqual([]);
  });
});
