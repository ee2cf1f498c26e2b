import type { z } from 'zod';
import { canonical, isFields } from '../api-server/object.ts';
import { admit } from '../admission.ts';
import { RESOURCE_KINDS, schemaInCluster } from '../definitions.ts';
import { MANIFEST_KINDS } from './kinds.ts';
import { customResourceDefinition } from '../../../../shared/schema/crd.ts';
import { API_VERSION } from '../../../../shared/resources/metadata.ts';

/** Why an object of a manifest is none that an API server would take as it was meant, kind by kind; empty when it is. */
export function manifestFaults(object: unknown): readonly string[] {
  if (!isFields(object)) return ['not an object'];
  const { apiVersion, kind } = object;
  const own = RESOURCE_KINDS.find((each) => each === kind && apiVersion === API_VERSION);
  if (own !== undefined) {
    const { faults, unknown } = admit(schemaInCluster(own), object);
    return [...faults, ...unknown.map((path) => `${path}: not known`)];
  }
  if (kind === 'CustomResourceDefinition') return definitionFaults(object);
  const schema = MANIFEST_KINDS.find(({ shape }) => shape.kind.value === kind && shape.apiVersion.value === apiVersion);
  if (schema === undefined) return [`${String(apiVersion)} ${String(kind)}: not known`];
  return issuesOf(schema.safeParse(object));
}

/** A definition is what the schemas make of it: its specification is generated. */
function definitionFaults(object: Readonly<Record<string, unknown>>): readonly string[] {
  const made = RESOURCE_KINDS.some(
    (kind) => canonical(customResourceDefinition(kind).spec) === canonical(object['spec']),
  );
  return made ? [] : ['spec: not what is generated'];
}

/** What a schema has against a value, as `path: reason`. */
export function issuesOf(result: z.ZodSafeParseResult<unknown>): readonly string[] {
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}
