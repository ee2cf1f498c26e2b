import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadResources } from '../../../../shared/config/load.ts';
import { customResourceDefinition, definitionText } from '../../../../shared/schema/crd.ts';
import { type JsonSchema, jsonSchemaFor } from '../../../../shared/schema/json-schema.ts';
import { admit } from '../../../support/kubernetes/admission.ts';
import { COST_LIMITS, ruleCosts } from '../../../support/kubernetes/cel-cost.ts';
import { nodesOf, RESOURCE_KINDS, schemaInCluster } from '../../../support/kubernetes/definitions.ts';
import { structuralFaults } from '../../../support/kubernetes/structural-faults.ts';

const examples = join(import.meta.dirname, '../../../../examples');

describe.each(RESOURCE_KINDS)('the custom resource definition of %s', (kind) => {
  const definition = customResourceDefinition(kind);
  const schema = schemaInCluster(kind);
  const version = definition.spec.versions[0];

  it('has a structural schema', () => {
    expect(structuralFaults(schema)).toEqual([]);
  });

  it('reads alike by YAML 1.1 and 1.2', () => {
    expect(parse(definitionText(kind), { version: '1.1' })).toEqual(definition);
    expect(parse(definitionText(kind), { version: '1.2' })).toEqual(definition);
  });

  it('says of every field what it means', () => {
    const silent = [...nodesOf(schema)].filter(([path, { description }]) => !path.endsWith(']') && !description);
    expect(silent.map(([path]) => path)).toEqual(['metadata']);
  });

  it('says how every list is merged', () => {
    const lists = [...nodesOf(schema)].filter(([, { type }]) => type === 'array');
    expect(lists.filter(([, node]) => node['x-kubernetes-list-type'] === undefined)).toEqual([]);
  });

  it('shows in its columns only fields that there are', () => {
    const nodes = new Map(nodesOf(schema));
    const condition = /^\.status\.conditions\[\?\(@\.type=="Ready"\)\]/;
    for (const { type, jsonPath } of version.additionalPrinterColumns) {
      if (jsonPath === '.metadata.creationTimestamp') continue;
      const path = jsonPath.replace(condition, '.status.conditions[]').slice(1);
      expect(nodes.get(path)?.type, jsonPath).toBe(type);
    }
  });

  it('keeps its rules well within what the API server lets them cost', () => {
    const costs = ruleCosts(schema);
    const total = costs.reduce((sum, { cost }) => sum + cost, 0);
    expect(costs.filter(({ cost }) => cost > COST_LIMITS.rule * 0.75)).toEqual([]);
    expect(total).toBeLessThan(COST_LIMITS.definition / 2);
  });

  it('has a rule wherever the JSON Schema counts properties', () => {
    const nodes = new Map(nodesOf(schema));
    const counted = countedProperties(jsonSchemaFor(kind), '');
    expect(counted).toHaveLength(kind === 'MqttBridgeConnector' ? 4 : 0);
    for (const path of counted) {
      expect(
        nodes.get(path)?.['x-kubernetes-validations']?.map(({ message }) => message.slice(0, 5)),
        path,
      ).toEqual(['BC004']);
    }
  });
});

function countedProperties(schema: JsonSchema, path: string): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    countedProperties(field, path === '' ? name : `${path}.${name}`),
  );
  return schema.maxProperties === undefined ? inner : [path, ...inner];
}

describe('names and columns', () => {
  const columns = (kind: (typeof RESOURCE_KINDS)[number], priority?: 1) =>
    customResourceDefinition(kind)
      .spec.versions[0].additionalPrinterColumns.filter((column) => column.priority === priority)
      .map(({ name }) => name.toUpperCase());

  it('of connectors', () => {
    const { metadata, spec } = customResourceDefinition('MqttBridgeConnector');
    expect(metadata.name).toBe('mqttbridgeconnectors.mq.iotoperations.azure.com');
    expect(spec.names).toMatchObject({
      plural: 'mqttbridgeconnectors',
      shortNames: ['mbc'],
      categories: ['mqttbridge'],
    });
    expect(spec.versions.map(({ name }) => name)).toEqual(['v1beta1']);
    expect(columns('MqttBridgeConnector')).toEqual(['READY', 'REMOTE', 'ROUTES', 'INSTANCES', 'STATUS', 'AGE']);
    expect(columns('MqttBridgeConnector', 1)).toEqual(['LOCAL', 'PROTOCOL', 'BACKLOG', 'REASON']);
  });

  it('of topic maps', () => {
    const { metadata, spec } = customResourceDefinition('MqttBridgeTopicMap');
    expect(metadata.name).toBe('mqttbridgetopicmaps.mq.iotoperations.azure.com');
    expect(spec.names).toMatchObject({
      plural: 'mqttbridgetopicmaps',
      shortNames: ['mbtm'],
      categories: ['mqttbridge'],
    });
    expect(columns('MqttBridgeTopicMap')).toEqual(['CONNECTOR', 'ROUTES', 'READY', 'AGE']);
    expect(columns('MqttBridgeTopicMap', 1)).toEqual(['REASON']);
  });
});

describe('the examples', () => {
  const load = async (folder: string) => {
    const names = (await readdir(join(examples, folder))).filter((name) => name.endsWith('.yaml'));
    const files = await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(examples, folder, name), 'utf8') })),
    );
    return loadResources(files).resources.map(({ value }) => value);
  };
  const admitted = (value: Readonly<Record<string, unknown>>) => {
    const kind = RESOURCE_KINDS.find((each) => each === value.kind);
    if (kind === undefined) throw new RangeError(`no kind of ours: ${String(value.kind)}`);
    return admit(schemaInCluster(kind), value);
  };

  it.each(['reference', 'two-brokers', 'event-grid-x509', 'aio-service-account'])(
    'in %s apply unchanged',
    async (folder) => {
      const resources = await load(folder);
      expect(resources.length).toBeGreaterThan(1);
      for (const value of resources) expect(admitted(value)).toMatchObject({ faults: [], unknown: [] });
    },
  );

  it('that are wrong are refused', async () => {
    const [nameless] = await load('reference/invalid');
    expect(admitted(nameless ?? {}).faults).toEqual(["/spec/routes/0: must have required property 'name'"]);
  });
});

describe('the status', () => {
  const condition = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: '2026-11-23T12:00:00Z',
    reason: 'Connected',
    message: '',
  };
  const faults = (status: unknown) => {
    const { faults, unknown } = admit(
      schemaInCluster('MqttBridgeConnector').properties?.status ?? { type: 'none' },
      status,
    );
    return [...faults, ...unknown];
  };

  it('takes conditions, instances and the words of the original product', () => {
    const instance = {
      instance: '0',
      version: '0.1.0',
      observedGeneration: 2,
      backlog: 0,
      routes: { total: 2, ready: 2 },
      conditions: [condition],
    };
    expect(
      faults({
        observedGeneration: 2,
        configStatusLevel: 'Running',
        configStatusDescription: 'running',
        conditions: [{ ...condition, observedGeneration: 2 }],
        instances: [instance],
        routes: { total: 2, ready: 2 },
        backlog: 0,
      }),
    ).toEqual([]);
  });

  it('knows each condition and each instance once', () => {
    expect(faults({ conditions: [condition, { ...condition, status: 'False' }] })).toEqual([
      '.conditions[1]: Duplicate value',
    ]);
    expect(faults({ instances: [{ instance: '0' }, { instance: '0' }] })).toEqual(['.instances[1]: Duplicate value']);
  });

  it.each([
    { configStatusLevel: 'Fine' },
    { observedGeneration: -1 },
    { conditions: [{ ...condition, status: 'Yes' }] },
    { conditions: [{ ...condition, reason: 'not CamelCase' }] },
    { conditions: [{ ...condition, lastTransitionTime: 'yesterday' }] },
    { conditions: [{ type: 'Ready' }] },
    { instances: [{ version: '0.1.0' }] },
  ])('refuses %j', (status) => {
    expect(faults(status)).not.toEqual([]);
  });
});
