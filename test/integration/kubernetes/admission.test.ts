import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { admit } from '../../support/kubernetes/admission.ts';
import { RESOURCE_KINDS, schemaInCluster } from '../../support/kubernetes/definitions.ts';
import { listOf, textOf } from '../../support/kubernetes/plain-client.ts';
import { mixedResources, type WrittenResource } from '../../support/kubernetes/resource-arbitrary.ts';
import { APPLY, type Stage, stage } from './stage.ts';

// Our own idea of what the API server makes of a resource (ADR 18), against the API server.

interface Shape {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const PLURALS: Readonly<Record<string, string>> = {
  MqttBridgeConnector: 'mqttbridgeconnectors',
  MqttBridgeTopicMap: 'mqttbridgetopicmaps',
};

function collectionOf({ connectors }: Stage, { kind }: Shape): string {
  return connectors.replace(PLURALS['MqttBridgeConnector'], PLURALS[kind]);
}

/** Ids of rules in CEL that are broken, or `schema` where the shape is wrong already. */
function rulesIn(messages: readonly string[]): string[] {
  const ids = messages.map((message) => /(?:^|: )([A-Z]{2}\d{3}) /.exec(message)?.[1] ?? 'schema');
  return ids.includes('schema') ? ['schema'] : [...new Set(ids)].sort();
}

async function compare(set: Stage, resource: WrittenResource): Promise<void> {
  const ours = admit(schemaInCluster(resource.kind), resource);
  const { code, body } = await set.client.call('POST', `${collectionOf(set, resource)}?dryRun=All`, resource);
  const theirs = code === 201 ? [] : listOf(body.details.causes).map(({ message }) => textOf(message));
  const where = JSON.stringify({ resource, ours: ours.faults, theirs });
  expect(code, where).toBe(ours.faults.length === 0 ? 201 : 422);
  expect(rulesIn(theirs), where).toEqual(rulesIn(ours.faults));
  if (code === 201) expect(body.spec, where).toEqual((ours.object as { readonly spec: object }).spec);
}

describe.each(RESOURCE_KINDS)('%s', (kind) => {
  test.for([{ seed: 1, numRuns: 150 }, { numRuns: 50 }])(
    'is taken, refused and completed as we think: %o',
    async (amount, t) => {
      const set = await stage(t);
      await fc.assert(
        fc.asyncProperty(mixedResources(kind), (resource) => compare(set, resource)),
        { ...amount, endOnFailure: true },
      );
    },
  );
});

const EXAMPLES = resolve(import.meta.dirname, '../../../examples');

async function examples(): Promise<Shape[]> {
  const files = (await readdir(EXAMPLES, { recursive: true })).filter(
    (file) => file.endsWith('.yaml') && !file.includes('invalid'),
  );
  const texts = await Promise.all(files.map((file) => readFile(join(EXAMPLES, file), 'utf8')));
  const documents = texts.flatMap((text) => parseAllDocuments(text)).map((each) => each.toJS() as Shape | null);
  return documents.filter((document) => document !== null && Object.hasOwn(PLURALS, document.kind)) as Shape[];
}

test('examples - are applied as they stand, those of the original too, and are strictly of the schema', async (t) => {
  const set = await stage(t);
  const resources = await examples();
  expect(resources.length).toBeGreaterThan(8);
  for (const resource of resources) {
    const sent = { ...resource, metadata: { ...resource.metadata, namespace: set.namespace } };
    const collection = collectionOf(set, resource);
    const created = await set.client.call('POST', `${collection}?dryRun=All&fieldValidation=Strict`, sent);
    expect(created, JSON.stringify(created.body)).toMatchObject({ code: 201 });
    const address = `${collection}/${resource.metadata.name}?fieldManager=test`;
    const { code, body } = await set.client.call('PATCH', address, sent, APPLY);
    expect(code, JSON.stringify(body)).toBeLessThan(300);
  }
});
