import { describe, expect, test } from 'vitest';
import { readBicep } from '../../support/bicep/file.ts';
import { evaluate } from '../../support/bicep/evaluate.ts';
import { freeNames } from '../../support/bicep/walk.ts';

describe('the reader of Bicep', () => {
  test.for([
    ["param a string = 'b", 'string without an end'],
    ['param a string = [', '[ without an end'],
    ['var a = {\n  b: 1\n]', '] without ['],
    ['var a = (1 + )', 'expression expected'],
    ['param a text', 'text is no type'],
    ['thing a = 1', 'thing is no declaration'],
    ["resource a = { name: 'b' }", 'string expected'],
    ['var a = 1 var b = 2', 'newline expected'],
    ["var a = '\\q'", '\\q means nothing'],
    ["var a = '${b", 'interpolation without an end'],
    ['var a = b ? 1', ': expected'],
    ['var a = [for b c: b]', 'in expected'],
    ['var a = #', 'unexpected #'],
  ])('refuses %j', ([text, reason]) => {
    expect(() => readBicep(text ?? '')).toThrow(reason);
  });

  test('says the line of what it refuses', () => {
    expect(() => readBicep('// one\n/* two\nthree */\nparam a wrong')).toThrow('line 4');
  });

  test('takes strings apart', () => {
    const file = readBicep("var a = 'x${b ? 'y${c}' : '}'}z\\${'\nvar b = true\nvar c = 1\nvar d = '''\nraw ${b}'''");
    expect(evaluate(file, 'a')).toBe('xy1z${');
    expect(evaluate(file, 'd')).toBe('\nraw ${b}');
  });

  test('keeps the order of operators', () => {
    const file = readBicep('var a = 1 + 2 * 3 == 7\n  ? min(4,\n  5)\n  : 0');
    expect(evaluate(file, 'a')).toBe(4);
  });

  test('knows which names are brought along', () => {
    const file = readBicep('var a = [for (x, i) in list: map(other, y => x + i + y + z)]');
    expect([...freeNames(file.declarations[0]?.value)].map(({ name }) => name)).toEqual(['list', 'other', 'z']);
  });
});
