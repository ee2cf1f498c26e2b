import { customResourceDefinition } from '../../../shared/schema/crd.ts';
import type { ResourceKind } from '../../../shared/schema/json-schema.ts';
import type { StructuralSchema } from '../../../shared/schema/structural.ts';

/** Every kind that has a custom resource definition. */
export const RESOURCE_KINDS: readonly ResourceKind[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];

const schemas = new Map<ResourceKind, StructuralSchema>();

/** The schema that the API server checks a kind by; made once, so that what is derived of it can be kept. */
export function schemaInCluster(kind: ResourceKind): StructuralSchema {
  const known = schemas.get(kind) ?? customResourceDefinition(kind).spec.versions[0].schema.openAPIV3Schema;
  schemas.set(kind, known);
  return known;
}

/** Every node below a schema with its path, such as `spec.routes[].target`. */
export function* nodesOf(schema: StructuralSchema, path = ''): Iterable<[path: string, node: StructuralSchema]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const at = path === '' ? name : `${path}.${name}`;
    yield [at, field];
    yield* nodesOf(field, at);
  }
  if (schema.items === undefined) return;
  yield [`${path}[]`, schema.items];
  yield* nodesOf(schema.items, `${path}[]`);
}
