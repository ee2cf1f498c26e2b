import type { StructuralSchema } from '../../../../shared/schema/structural.ts';
import { isFields, type KubeObject } from './object.ts';
import { ApiFault } from './status.ts';

/** Server-side apply merges by the schema, so what does not fit it cannot even be merged: 500, whatever fieldValidation says. */
export function checkTyped(sent: KubeObject, schema: StructuralSchema | undefined): void {
  const faults = schema === undefined ? [] : typedFaults(schema, sent, '');
  if (faults.length === 0) return;
  const { apiVersion, kind, metadata } = sent;
  const what = `${metadata.namespace ?? ''}/${metadata.name}; ${apiVersion}, Kind=${kind}`;
  const text = faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
  throw new ApiFault(500, '', `failed to create typed patch object (${what}): ${text}`);
}

function typedFaults(schema: StructuralSchema, value: unknown, path: string): string[] {
  if (value === null || value === undefined || path === '.metadata') return [];
  if (schema.type === 'object') return objectFaults(schema, value, path);
  if (schema.type === 'array') return listFaults(schema, value, path);
  const expected = schema.type === 'integer' || schema.type === 'number' ? 'number' : schema.type;
  const named = expected === 'number' ? 'numeric (int or float)' : expected;
  return typeof value === expected ? [] : [`${path}: expected ${named}, got ${shown(value)}`];
}

function objectFaults({ properties = {} }: StructuralSchema, value: unknown, path: string): string[] {
  if (!isFields(value)) return [`${path}: expected map, got ${shown(value)}`];
  return Object.entries(value).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return inner === undefined ? [`${at}: field not declared in schema`] : typedFaults(inner, field, at);
  });
}

function listFaults(schema: StructuralSchema, value: unknown, path: string): string[] {
  const { items, 'x-kubernetes-list-map-keys': keys } = schema;
  if (!Array.isArray(value)) return [`${path}: expected list, got ${shown(value)}`];
  if (items === undefined) return [];
  const seen = new Set<string>();
  return value.flatMap((item: unknown, index) => {
    const key = keys && isFields(item) ? keyOf(keys, item) : String(index);
    const twice = seen.has(key) ? [`${path}: duplicate entries for key ${key}`] : [];
    seen.add(key);
    return [...twice, ...typedFaults(items, item, `${path}${keys ? key : `[${index}]`}`)];
  });
}

function keyOf(keys: readonly string[], item: Readonly<Record<string, unknown>>): string {
  return `[${keys.map((name) => `${name}=${JSON.stringify(item[name])}`).join(',')}]`;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? 'string' : `&value.valueUnstructured{Value:${JSON.stringify(value)}}`;
}
