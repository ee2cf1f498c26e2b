import { describe, expect, it } from 'vitest';
import { RULES } from '../../../../shared/config/rules.ts';
import { validateConfig } from '../../../../shared/config/validate.ts';
import { CONNECTOR_YAML, MAP_YAML } from '../sample.ts';
import { EVENT_GRID, IDENTITY, IN, OUT, addRoute, type Edit, edited } from './cases/case.ts';
import { CONNECTOR_CASES } from './cases/connector.ts';
import { CROSS_CASES } from './cases/cross.ts';
import { TEXT_CASES } from './cases/text.ts';
import { TOPIC_MAP_CASES } from './cases/topic-map.ts';

const CASES = [...TEXT_CASES, ...CONNECTOR_CASES, ...TOPIC_MAP_CASES, ...CROSS_CASES];

describe('the rule', () => {
  it.each(CASES)(
    '$rule at "$at"',
    ({ rule, at, connector = [], map = [], severity = 'error', message, advice, extra }) => {
      const texts = [edited(CONNECTOR_YAML, connector), edited(MAP_YAML, map), ...(extra === undefined ? [] : [extra])];
      const { problems, connectors } = validateConfig(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
      const found = problems.find((problem) => problem.rule === rule && problem.path === at);
      expect(found, JSON.stringify(problems, null, 2)).toMatchObject({ severity });
      if (message) expect(found?.message).toMatch(message);
      if (advice) expect(found?.advice).toMatch(advice);
      if (severity === 'error' && rule !== 'XR001') expect(connectors).toEqual([]);
    },
  );

  it('has a case for every id of the catalogue', () => {
    expect([...new Set(CASES.map(({ rule }) => rule))].sort()).toEqual([...RULES.keys()].sort());
  });
});

describe('rules are silent', () => {
  it.each<[string, Edit[], Edit[]]>([
    ['about the sample itself', [], []],
    ['about Event Grid with a managed identity', [EVENT_GRID, IDENTITY], []],
    ['about an audience with a slash', [EVENT_GRID, IDENTITY, ['azure.net\n', 'azure.net/\n']], []],
    [
      'about a way back that is excluded',
      [],
      [
        ['name: up', 'name: up\n      excludes: [telemetry/from/#]'],
        addRoute(`${IN}, source: telemetry/x, target: telemetry/from/x`),
      ],
    ],
    [
      'about overlap that is excluded',
      [],
      [['name: up', 'name: up\n      excludes: [telemetry/a/#]'], addRoute(`${OUT}, source: telemetry/a/b, target: z`)],
    ],
    [
      'about one source in two directions with different targets',
      [],
      [addRoute(`${IN}, source: telemetry/#, target: in/x`)],
    ],
    [
      'about a dead-letter topic that is excluded',
      [],
      [
        [
          'name: up',
          'name: up\n      onReject: deadLetter\n      deadLetterTopic: telemetry/dead\n      excludes: [telemetry/dead/#]',
        ],
      ],
    ],
    [
      'about a dead-letter topic that is too deep for the source',
      [],
      [
        ['telemetry/#', 'telemetry/+'],
        ['name: up', 'name: up\n      onReject: deadLetter\n      deadLetterTopic: telemetry/dead'],
      ],
    ],
    [
      'about cluster metadata',
      [
        [
          'name: bridge',
          'name: bridge\n  uid: x\n  resourceVersion: "1"\n  generation: 2\n  labels: {a: b}\n  managedFields: [{a: 1}]',
        ],
      ],
      [],
    ],
    ['about a status', [['spec:', 'status: {configStatusLevel: Running}\nspec:']], []],
  ])('%s', (_what, connector, map) => {
    const files = [edited(CONNECTOR_YAML, connector), edited(MAP_YAML, map)];
    const { problems, connectors } = validateConfig(files.map((text, index) => ({ name: `${index}`, text })));
    expect(problems).toEqual([]);
    expect(connectors).toHaveLength(1);
  });
});
