import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { type ConfigFile, loadResources } from '../../../shared/config/load.ts';
import { validateConfig } from '../../../shared/config/validate.ts';
import { jsonSchemaFor, type ResourceKind } from '../../../shared/schema/json-schema.ts';

const examples = join(import.meta.dirname, '../../../examples');

async function read(folder: string): Promise<ConfigFile[]> {
  const names = (await readdir(join(examples, folder))).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(examples, folder, name), 'utf8') })));
}

describe('the resources of the original documentation', () => {
  it('are valid unchanged, with a warning about the loop that its topic map makes', async () => {
    const { problems, connectors } = validateConfig(await read('reference'));
    expect(problems.map(({ rule, severity, file }) => [rule, severity, file])).toEqual([
      ['XR008', 'warning', 'topic-map.yaml'],
    ]);
    expect(connectors.map(({ connector, topicMaps }) => [connector.metadata.name, topicMaps.length])).toEqual([
      ['my-x509-bridge', 1],
      ['my-mqtt-bridge', 1],
    ]);
  });

  it('except the route without a name, whose error says that the page itself leaves it out', async () => {
    const { problems, connectors } = validateConfig([
      ...(await read('reference')),
      ...(await read('reference/invalid')),
    ]);
    const error = problems.find(({ severity }) => severity === 'error');
    expect(error).toMatchObject({
      rule: 'TM021',
      path: 'spec.routes[0].name',
      file: 'shared-subscription.yaml',
      line: 10,
    });
    expect(error?.message).toContain('sample of the original documentation leaves it out');
    expect(error?.advice).toContain('name: shared-route');
    expect(connectors.map(({ connector }) => connector.metadata.name)).toEqual(['my-x509-bridge']);
  });
});

const OWN = ['two-brokers', 'event-grid-x509', 'aio-service-account'];

it.each(OWN)('our own example %s has no problem at all', async (folder) => {
  const files = await read(folder);
  expect(validateConfig(files).problems).toEqual([]);
  expect(validateConfig(files).connectors).toHaveLength(1);
});

it('the JSON Schemas for editors accept every example, and refuse what the validation refuses', async () => {
  const ajv = new Ajv2020({ strict: false });
  const schemas = {
    MqttBridgeConnector: ajv.compile(jsonSchemaFor('MqttBridgeConnector')),
    MqttBridgeTopicMap: ajv.compile(jsonSchemaFor('MqttBridgeTopicMap')),
  };
  const valid = (value: Readonly<Record<string, unknown>>) => schemas[value.kind as ResourceKind](value);
  const files = await Promise.all([...OWN, 'reference'].map(read));
  for (const { value } of files.flatMap((one) => loadResources(one).resources)) {
    expect(valid(value)).toBe(true);
    expect(valid({ ...value, extra: 1 })).toBe(false);
    expect(valid({ ...value, spec: { ...(value.spec as object), extra: 1 } })).toBe(false);
  }
  for (const { value } of loadResources(await read('reference/invalid')).resources) expect(valid(value)).toBe(false);
});
