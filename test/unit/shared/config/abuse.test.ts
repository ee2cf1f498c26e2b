import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateConfig } from '../../../../shared/config/validate.ts';
import { CONNECTOR_YAML, MAP_YAML } from '../sample.ts';

const rulesOf = (text: string) => new Set(validateConfig([{ name: 'f', text }]).problems.map(({ rule }) => rule));

const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  .concat(Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`).join(', ')}]`))
  .join('\n');

// F33: whatever the text, a problem comes back, soon and without an exception.
describe('hostile text', () => {
  it.each<[string, () => string, string]>([
    ['an alias bomb', () => bomb, 'YA004'],
    ['sequences nested 20,000 deep', () => '['.repeat(20_000) + ']'.repeat(20_000), 'YA006'],
    ['half a mebibyte of open brackets', () => '['.repeat(500_000), 'YA006'],
    ['half a mebibyte of open braces', () => '{a: '.repeat(120_000), 'YA006'],
    ['block sequences nested 5,000 deep', () => `${'- '.repeat(5000)}a`, 'YA006'],
    [
      'block maps nested 1,000 deep',
      () => Array.from({ length: 1000 }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
      'YA006',
    ],
    ['a duplicate key', () => CONNECTOR_YAML.replace('spec:', 'spec: {}\nspec:'), 'YA003'],
    ['__proto__', () => CONNECTOR_YAML.replace('spec:', 'spec:\n  __proto__: {tlsEnabled: false}'), 'YA007'],
    ['constructor', () => CONNECTOR_YAML.replace('spec:', 'spec:\n  constructor: {prototype: {a: 1}}'), 'BC002'],
    ['a custom tag', () => CONNECTOR_YAML.replace('name: bridge', 'name: !!js/function "x"'), 'YA005'],
    ['10,000 documents', () => '---\nkind: A\napiVersion: b\n'.repeat(10_000), 'YA002'],
    ['a List of 10,000 items', () => `{kind: List, items: [${'{kind: A},'.repeat(10_000)}]}`, 'YA002'],
    ['50 MB', () => 'a'.repeat(50_000_000), 'YA002'],
    ['a little more than 1 MiB', () => `# ${'ü'.repeat(525_000)}`, 'YA002'],
    ['NUL bytes', () => '\0'.repeat(1000), 'YA'],
    ['a lone surrogate', () => MAP_YAML.replace('telemetry/#', '"\\uD800"'), 'TM005'],
    ['150,000 comments and separators', () => '#\n---\n'.repeat(150_000), 'YA002'],
    [
      'a number as long as a line',
      () => CONNECTOR_YAML.replace('bridgeInstances: 1', `bridgeInstances: ${'9'.repeat(10_000)}`),
      'BC003',
    ],
    ['not a number', () => CONNECTOR_YAML.replace('bridgeInstances: 1', 'bridgeInstances: .nan'), 'BC003'],
  ])('%s', (_what, text, rule) => {
    const found = [...rulesOf(text())];
    expect(found.some((one) => one.startsWith(rule))).toBe(true);
  });

  it('a topic map of thousands of routes that all overlap and loop', () => {
    const routes = Array.from({ length: 3000 }, (_, at) => {
      const direction = at % 2 === 0 ? 'local-to-remote' : 'remote-to-local';
      return `    - {name: r${at}, direction: ${direction}, source: "#"}`;
    });
    const map = MAP_YAML.replace(/ {4}- [^]*/, `${routes.join('\n')}\n`);
    const { problems } = validateConfig([
      { name: 'c', text: CONNECTOR_YAML },
      { name: 'm', text: map },
    ]);
    expect(new Set(problems.map(({ rule }) => rule))).toEqual(new Set(['TM014', 'XR008', 'XR009']));
  });

  it('any text at all', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a',
      '*a',
      '!',
      '|',
      '>',
      '"',
      "'",
      '#',
      '---',
      '\t',
      '%',
      '?',
      ',',
      '<<',
      '\r',
      '0',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(Array.isArray(validateConfig([{ name: 'f', text: pieces.join('') }]).problems)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('any change of one line of a valid document', () => {
    const lines = MAP_YAML.split('\n');
    fc.assert(
      fc.property(fc.nat(lines.length - 1), fc.string({ maxLength: 20 }), (at, line) => {
        const text = lines.with(at, line).join('\n');
        expect(Array.isArray(validateConfig([{ name: 'f', text }]).problems)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
