import { describe, expect, it } from 'vitest';
import type { StructuralSchema } from '../../../../shared/schema/structural.ts';
import { ruleCosts } from '../../../support/kubernetes/cel-cost.ts';
import { evaluateCel } from '../../../support/kubernetes/cel.ts';

describe('an expression', () => {
  it.each<[string, unknown, unknown]>([
    ["self.contains('b') && self.startsWith('a') && self.endsWith('c')", 'abc', true],
    ["self.matches(r'^\\$\\{a\\}$')", '${a}', true],
    ["self == '\\'\\\\'", "'\\", true],
    ["self.matches('b')", 'abc', true],
    ['has(self.a)', { a: 1 }, true],
    ['has(self.a.b)', { a: {} }, false],
    ['!has(self.a) || self.a.b', {}, true],
    ['(has(self.a) ? 1 : 0) + (has(self.b) ? 1 : 0) == 1', { a: 0, b: 0 }, false],
    ["self == 'a' || self == 'b' && self == 'c'", 'a', true],
    ["(self == 'a' || self == 'b') && self == 'c'", 'a', false],
    ["self == 'a' ? false : self == 'b' ? true : false", 'b', true],
  ])('%s of %j is %j', (expression, self, value) => {
    expect(evaluateCel(expression, self)).toBe(value);
  });

  it.each<[string, unknown, RegExp]>([
    ['self.a', {}, /no such key/],
    ['has(self.a.b)', {}, /no such key/],
    ["self == 'a'", true, /differ in type/],
    ['self && true', 'a', /true or false/],
    ["self.contains('a')", 1, /a string is expected/],
    ['self.a', 'a', /of an object only/],
  ])('%s of %j has no value', (expression, self, message) => {
    expect(() => evaluateCel(expression, self)).toThrow(message);
  });

  it.each([
    'self.size()',
    'self[0]',
    'self ==',
    'self)',
    '"a"',
    'has(self)',
    'self.all(x, x)',
    "'\\n' == self",
    'self == 1.5',
    'other',
  ])('%s is outside of the subset', (expression) => {
    expect(() => evaluateCel(expression, {})).toThrow(SyntaxError);
  });
});

describe('the estimated cost', () => {
  const text = (maxLength: number, rule: string): StructuralSchema => ({
    type: 'string',
    maxLength,
    'x-kubernetes-validations': [{ rule, message: 'wrong' }],
  });
  const costs = (schema: StructuralSchema) => ruleCosts(schema).map(({ cost }) => cost);

  it('grows with the bytes of the text, and with the expression', () => {
    expect(costs(text(100, "self.contains('a')"))).toEqual([1 + 40]);
    expect(costs(text(100, "self.matches(r'abcdefgh')"))).toEqual([1 + 41 * 2]);
    expect(costs(text(100, "self.startsWith('a')"))).toEqual([1 + 1]);
  });

  it('counts once for every item of the lists around', () => {
    const list: StructuralSchema = { type: 'array', maxItems: 10, items: text(100, "self.startsWith('a')") };
    expect(costs(list)).toEqual([20]);
    expect(costs({ type: 'array', maxItems: 5, items: list })).toEqual([100]);
  });

  it('of what has no bounds is beyond all limits', () => {
    const { maxLength: _, ...unbounded } = text(1, "self.contains('a')");
    expect(costs({ type: 'array', items: unbounded })[0]).toBeGreaterThan(1e11);
  });

  it('cannot be told of fields that the schema lacks, and of rules that are not true or false', () => {
    expect(() => costs(text(1, 'has(self.a)'))).toThrow(/no field a/);
    expect(() => costs(text(1, 'self'))).toThrow(/true or false/);
    expect(() => costs(text(1, 'self == 1'))).toThrow(/is expected/);
  });
});
