import { describe, expect, it } from 'vitest';
import { loadResources } from '../../../../shared/config/load.ts';
import { CONNECTOR_YAML, check, MAP_YAML } from '../sample.ts';

const load = (text: string) => loadResources([{ name: 'f.yaml', text }]);
const rules = (text: string) => load(text).problems.map(({ rule, line, column }) => `${rule} ${line}:${column}`);

describe('loading', () => {
  it('reads several documents, skips empty ones and knows where each value stands', () => {
    const { resources, problems } = load(
      '---\n---\nkind: A\nspec:\n  list:\n    - x: 1\n    - x: 2\n---\n# nothing\n---\nkind: B\n',
    );
    expect(problems).toEqual([]);
    expect(resources.map(({ value }) => value.kind)).toEqual(['A', 'B']);
    expect(resources[0].locate(['spec', 'list', 1, 'x'])).toEqual({ line: 7, column: 10 });
    expect(resources[0].locate(['spec', 'list', 1, 'x'], 'key')).toEqual({ line: 7, column: 7 });
    expect(resources[0].locate(['spec', 'list', 7, 'y'])).toEqual({ line: 6, column: 5 });
    expect(resources[1].locate(['kind'])).toEqual({ line: 11, column: 7 });
  });

  it('reads JSON, with tabs, too', () => {
    const { resources, problems } = load('{\n\t"kind": "A",\n\t"spec": {\n\t\t"x": [1, 2]\n\t}\n}\n');
    expect(problems).toEqual([]);
    expect(resources[0].value).toEqual({ kind: 'A', spec: { x: [1, 2] } });
    expect(resources[0].locate(['spec', 'x', 1])).toEqual({ line: 4, column: 12 });
  });

  it('reads the items of a List, each with its own place', () => {
    const { resources, problems } = load('kind: List\napiVersion: v1\nitems:\n  - kind: A\n  - kind: B\n    x: no\n');
    expect(resources.map(({ value }) => value.kind)).toEqual(['A', 'B']);
    expect(resources[1].locate(['x'])).toEqual({ line: 6, column: 8 });
    expect(resources.map((resource) => resource.problems.map(({ path }) => path))).toEqual([[], ['x']]);
    expect(problems).toEqual([]);
  });

  it('tolerates a byte order mark and Windows line ends', () => {
    const { found, connectors } = check(`\uFEFF${CONNECTOR_YAML.replaceAll('\n', '\r\n')}`, `\uFEFF${MAP_YAML}`);
    expect(found).toEqual([]);
    expect(connectors).toHaveLength(1);
  });

  it('resolves anchors in reason, with places behind them', () => {
    const { resources, problems } = load('a: &x\n  b: 1\nc: *x\n');
    expect(problems).toEqual([]);
    expect(resources[0].value).toEqual({ a: { b: 1 }, c: { b: 1 } });
    expect(resources[0].locate(['c', 'b'])).toEqual({ line: 2, column: 6 });
  });

  it.each([
    ['a: [1', 'YA001'],
    ['a: b: c', 'YA001'],
    ['"', 'YA001'],
    ['a: "\\q"', 'YA001'],
    ['a: 1\na: 2\n', 'YA003 2:1'],
    ['a: *nothing', 'YA001'],
    ['a: !custom 1', 'YA005 1:4'],
    ['a: !!binary aGk=', 'YA005'],
    ['a: !!js/function x', 'YA005'],
    ['__proto__: {a: 1}', 'YA007 1:1'],
    ['a: {"__proto__": 1}', 'YA007 1:5'],
    ['a: &x {b: 1}\nc:\n  <<: *x\n', 'YA007 3:3'],
    ['1: a', 'YA007 1:1'],
    ['? [a, b]\n: c', 'YA007'],
    ['- a', 'YA009 1:1'],
    ['text', 'YA009 1:1'],
    ['%FOO bar\n--- text', 'YA'],
  ])('reports %j as %s', (text, expected) => {
    expect(rules(text)[0]).toMatch(new RegExp(`^${expected}`));
    expect(load(text).resources).toEqual([]);
  });

  it('keeps reading other documents and files after a bad one', () => {
    const { resources, problems } = loadResources([
      { name: 'a', text: 'a: 1\na: 2\n---\nkind: A\n' },
      { name: 'b', text: 'kind: B\n' },
    ]);
    expect(resources.map(({ value }) => value.kind)).toEqual(['A', 'B']);
    expect(problems).toMatchObject([{ rule: 'YA003', file: 'a' }]);
  });

  it.each([
    ['yes', 'true'],
    ['No', 'false'],
    ['on', 'true'],
    ['OFF', 'false'],
    ['010', '8'],
    ['0o17', '15'],
  ])('warns of %s, which YAML 1.1 and 1.2 read differently', (value) => {
    const [resource] = load(`kind: A\nspec:\n  x:\n    - ${value}\n`).resources;
    expect(resource.problems).toMatchObject([
      { rule: 'YA008', severity: 'warning', path: 'spec.x[0]', line: 4, column: 7 },
    ]);
  });

  it.each(['"yes"', "'010'", 'true', '10', '0', 'nothing', 'yes please'])('does not warn of %s', (value) => {
    expect(load(`kind: A\nx: ${value}\n`).resources[0].problems).toEqual([]);
  });
});
