import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { validateConfig } from '../../../../shared/config/validate.ts';
import { connectorSchema } from '../../../../shared/resources/connector.ts';
import { topicMapSchema } from '../../../../shared/resources/topic-map.ts';
import { ADMISSION_RULES } from '../../../../shared/schema/admission-rules.ts';
import { SCHEMA_RULES } from '../../../../shared/schema/crd-page.ts';
import { topicMapResource } from '../../../support/resources.ts';
import { admit } from '../../../support/kubernetes/admission.ts';
import { RESOURCE_KINDS, schemaInCluster } from '../../../support/kubernetes/definitions.ts';
import {
  mixedResources,
  wellFormedResources,
  type WrittenResource,
} from '../../../support/kubernetes/resource-arbitrary.ts';

const SCHEMAS = { MqttBridgeConnector: connectorSchema, MqttBridgeTopicMap: topicMapSchema };
const IN_CEL = new Set(ADMISSION_RULES.map(({ id }) => id));
const isRefused = (id: string) => IN_CEL.has(id) || Object.hasOwn(SCHEMA_RULES, id);

const admitted = (resource: WrittenResource) => admit(schemaInCluster(resource.kind), resource);
const ruleOf = (fault: string) => /: ([A-Z]{2}\d{3}) /.exec(fault)?.[1] ?? 'schema';

/** Ids of the errors that shared/config finds in one resource. */
function errorsOf(resource: object): string[] {
  const { problems } = validateConfig([{ name: 'made.yaml', text: JSON.stringify(resource) }]);
  return problems.filter(({ severity }) => severity === 'error').map(({ rule }) => rule);
}

/** Errors that keep a connector from being looked at as a whole. */
const HIDING = ['BC003', 'BC004', 'BC005'];

describe.each(RESOURCE_KINDS)('the API server and our own validation, of %s,', (kind) => {
  test.prop([wellFormedResources(kind)], { numRuns: 200 })('fill in the same defaults', (resource) => {
    const { object, unknown } = admitted(resource);
    expect(unknown).toEqual([]);
    expect(object).toEqual(SCHEMAS[kind].parse(resource));
  });

  test.prop([mixedResources(kind)], { numRuns: 400 })('refuse the same, by the same rules', (resource) => {
    const { faults } = admitted(resource);
    const errors = errorsOf(resource);
    const shared = new Set(errors.filter(isRefused));
    expect(faults.length > 0, JSON.stringify({ faults, errors })).toBe(shared.size > 0);
    const rules = new Set(faults.map(ruleOf));
    if (rules.has('schema') || errors.some((id) => HIDING.includes(id))) return;
    expect([...rules].sort()).toEqual([...shared].sort());
  });

  test.prop([mixedResources(kind)], { numRuns: 100 })(
    'take what they have taken before without a change',
    (resource) => {
      const { object } = admitted(resource);
      expect(admit(schemaInCluster(kind), object).object).toEqual(object);
    },
  );
});

it('resources that are wrong now and then break every rule in CEL', () => {
  const made = RESOURCE_KINDS.flatMap((kind) => fc.sample(mixedResources(kind), { seed: 1, numRuns: 500 }));
  const broken = new Set(made.flatMap((resource) => admitted(resource).faults.map(ruleOf)));
  expect([...IN_CEL].filter((id) => !broken.has(id))).toEqual([]);
});

describe('on purpose the API server', () => {
  const faults = (resource: object & { kind: string }) =>
    admit(schemaInCluster(resource.kind as (typeof RESOURCE_KINDS)[number]), resource).faults;
  const map = (route: object, count = 1) => {
    const resource = topicMapResource('map', 'bridge', 'a');
    const routes = Array.from({ length: count }, (_, index) => ({
      direction: 'local-to-remote',
      name: `r${index}`,
      source: 'a',
      ...route,
    }));
    return { ...resource, spec: { ...resource.spec, routes } };
  };
  const fits = (resource: object) => errorsOf(resource).every((id) => id === 'XR001');

  it.each([
    ['topics of more than 1,024 characters', map({ source: 'a'.repeat(1025) })],
    [
      'share groups of more than 1,024 characters',
      map({ sharedSubscription: { groupMinimumShareNumber: 1, groupName: 'g'.repeat(1025) } }),
    ],
    ['more than 1,000 routes in a map', map({}, 1001)],
  ])('refuses %s, which files may have', (_what, resource) => {
    expect(fits(resource)).toBe(true);
    expect(faults(resource)).toHaveLength(1);
  });

  it.each([
    ['fields that are null', map({ target: null })],
    ['unknown fields, which it drops', map({ targt: 'a' })],
    ['references to a level that no topic has', map({ source: 'a/#', target: 'b/${inputTopic.70000}' })],
  ])('takes %s, which files may not have', (_what, resource) => {
    expect(fits(resource)).toBe(false);
    expect(faults(resource)).toEqual([]);
  });

  it('takes topics and maps up to its bounds', () => {
    expect(faults(map({ source: 'a'.repeat(1024), target: 'é'.repeat(1024) }))).toEqual([]);
    expect(faults(map({}, 1000))).toEqual([]);
  });
});
