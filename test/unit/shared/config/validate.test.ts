import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../shared/config/report.ts';
import { validateConfig } from '../../../../shared/config/validate.ts';
import { CONNECTOR_YAML, check, MAP_YAML } from '../sample.ts';

const SECOND = CONNECTOR_YAML.replace('name: bridge', 'name: second').replace(
  'clientIdPrefix: site',
  'clientIdPrefix: two',
);
const SECOND_MAP = MAP_YAML.replace('name: map', 'name: second-map').replace('Ref: bridge', 'Ref: second');
const names = (...texts: string[]) => check(...texts).connectors.map(({ connector }) => connector.metadata.name);

describe('a problem', () => {
  it('is printed in two lines, place first', () => {
    const problem = {
      rule: 'TM004',
      severity: 'error',
      file: 'topic-map.yaml',
      line: 14,
      column: 15,
      path: 'spec.routes[1].target',
      message: 'wildcards are not allowed in a target topic ("factory/#")',
      advice: 'leave target out to keep the source topic, or use "factory"',
    } as const;
    expect(formatProblem(problem)).toBe(
      'topic-map.yaml:14:15  error  TM004  spec.routes[1].target: wildcards are not allowed in a target topic ("factory/#")\n' +
        '  try: leave target out to keep the source topic, or use "factory"',
    );
    expect(formatProblem({ ...problem, path: '' })).toContain('TM004  wildcards');
  });

  it('stands in the order of files and lines', () => {
    const files = [
      { name: 'b', text: MAP_YAML.replace('telemetry/#', 'a#').replace('Ref: bridge', 'Ref: none') },
      { name: 'a', text: CONNECTOR_YAML.replace('v5', 'v6').replace('bridgeInstances: 1', 'bridgeInstances: x') },
    ];
    const places = validateConfig(files).problems.map(({ file, line }) => `${file}:${line}`);
    expect(places).toEqual(['a:6', 'a:7', 'b:10']);
  });

  it('of one map keeps its connector back, and no other one', () => {
    expect(names(CONNECTOR_YAML, MAP_YAML, SECOND, SECOND_MAP)).toEqual(['bridge', 'second']);
    expect(names(CONNECTOR_YAML, MAP_YAML.replace('telemetry/#', 'a#'), SECOND, SECOND_MAP)).toEqual(['second']);
    expect(names(CONNECTOR_YAML, MAP_YAML, SECOND.replace('v5', 'v6'), SECOND_MAP)).toEqual(['bridge']);
  });

  it('in a text of which nobody knows whose it is keeps every connector back', () => {
    expect(names(CONNECTOR_YAML, MAP_YAML, 'a: [')).toEqual([]);
    expect(names(CONNECTOR_YAML, MAP_YAML, SECOND_MAP.replace('  mqttBridgeConnectorRef: second\n', ''))).toEqual([]);
  });

  it('does not blame references to resources that are there but faulty', () => {
    expect(check(CONNECTOR_YAML.replace('v5', 'v6'), MAP_YAML).found).toEqual(['BC003 spec.protocol']);
    expect(check(CONNECTOR_YAML, MAP_YAML.replace('telemetry/#', 'a#')).found).toEqual(['TM005 spec.routes[0].source']);
  });
});

describe('client IDs', () => {
  it('collide between connectors at one broker, and through prefixes', () => {
    const prefix = (text: string, value: string) => text.replace(/clientIdPrefix: \w+/, `clientIdPrefix: ${value}`);
    expect(check(CONNECTOR_YAML, MAP_YAML, prefix(SECOND, 'site'), SECOND_MAP).found).toEqual([
      'XR005 spec.routes[0].name',
      'XR005 spec.routes[1].name',
    ]);
    const merged = SECOND_MAP.replace('name: up', 'name: b-up').replace('name: down', 'name: b-down');
    const other = MAP_YAML;
    expect(check(prefix(CONNECTOR_YAML, 'a-b'), other, prefix(SECOND, 'a'), merged).found).toHaveLength(2);
  });

  it('do not collide at different brokers or in different namespaces', () => {
    const elsewhere = (text: string) =>
      text.replaceAll('.test:', '.example:').replace('clientIdPrefix: two', 'clientIdPrefix: site');
    expect(check(CONNECTOR_YAML, MAP_YAML, elsewhere(SECOND), SECOND_MAP).found).toEqual([]);
  });

  it('collide when both sides are one broker', () => {
    const same = CONNECTOR_YAML.replace('local.test:1883', 'remote.test:8883');
    expect(check(same, MAP_YAML).found).toContain('XR005 spec.routes[0].name');
  });
});

describe('the revision', () => {
  const revision = (...texts: string[]) => check(...texts).connectors[0]?.revision;
  const base = revision(
    CONNECTOR_YAML,
    MAP_YAML,
    SECOND_MAP.replace('Ref: second', 'Ref: bridge')
      .replaceAll('name: up', 'name: u2')
      .replaceAll('name: down', 'name: d2'),
  );

  it('does not depend on files, order, comments or defaults written out', () => {
    const other = SECOND_MAP.replace('Ref: second', 'Ref: bridge')
      .replaceAll('name: up', 'name: u2')
      .replaceAll('name: down', 'name: d2');
    expect(base).toMatch(/^[0-9a-f]{32}$/);
    expect(revision(`${other}---\n${MAP_YAML}---\n# hello\n${CONNECTOR_YAML}`)).toBe(base);
    expect(revision(CONNECTOR_YAML.replace('protocol: v5', 'maxHops: 4\n  protocol: "v5"'), MAP_YAML, other)).toBe(
      base,
    );
    expect(revision(CONNECTOR_YAML.replace('name: bridge', 'name: bridge\n  labels: {a: b}'), MAP_YAML, other)).toBe(
      base,
    );
  });

  it('changes with every field that has an effect', () => {
    const map = MAP_YAML;
    const edits: [RegExp, string][] = [
      [/v5/, 'v3'],
      [/Instances: 1/, 'Instances: 2'],
      [/Prefix: site/, 'Prefix: x'],
      [/local\.test/, 'l.test'],
    ];
    const revisions = edits.map(([from, to]) => revision(CONNECTOR_YAML.replace(from, to), map));
    const mapped = [map.replace('orders', 'o'), map.replace('telemetry', 't')].map((text) =>
      revision(CONNECTOR_YAML, text),
    );
    const all = [revision(CONNECTOR_YAML, map), ...revisions, ...mapped];
    expect(all).not.toContain(undefined);
    expect(new Set(all).size).toBe(all.length);
  });

  it('is the same for every order of files', () => {
    const files = [CONNECTOR_YAML, MAP_YAML, SECOND, SECOND_MAP];
    const expected = check(...files)
      .connectors.map((one) => one.revision)
      .sort();
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: 4 }), (shuffled) => {
        expect(
          check(...shuffled)
            .connectors.map((one) => one.revision)
            .sort(),
        ).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});
