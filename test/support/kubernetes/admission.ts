import { Ajv, type ValidateFunction } from 'ajv';
import type { StructuralSchema } from '../../../shared/schema/structural.ts';
import { evaluateCel } from './cel.ts';

/** What the API server makes of an object that is sent to it. */
export interface Admission {
  /** As it would be stored: without unknown fields, with defaults. */
  readonly object: unknown;
  /** Fields that were not known and were dropped; `kubectl` asks the server to refuse them instead. */
  readonly unknown: readonly string[];
  /** Why it would be refused, as `path: reason`; empty when it is taken. */
  readonly faults: readonly string[];
}

/** Plays the API server for one object: prune, fill in defaults, check by the schema, then by the rules in CEL. */
export function admit(schema: StructuralSchema, sent: unknown): Admission {
  const unknown: string[] = [];
  const object = defaulted(pruned(structuredClone(sent), schema, '', unknown), schema);
  const faults = schemaFaults(schema, object);
  // Rules are asked about objects only that fit the schema.
  return { object, unknown, faults: faults.length > 0 ? faults : ruleFaults(schema, object, '') };
}

/** Why a value does not fit a schema as it stands, rules included; unknown fields count as well. */
export function schemaFaults(schema: StructuralSchema, value: unknown): string[] {
  const unknown: string[] = [];
  pruned(structuredClone(value), schema, '', unknown);
  const validate = validatorOf(schema);
  validate(value);
  return [
    ...unknown.map((path) => `${path}: not known`),
    ...(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`),
    ...repeated(schema, value, ''),
  ];
}

/** The API server knows metadata by itself. */
function isFree(schema: StructuralSchema, path: string): boolean {
  return path === '.metadata' && schema.type === 'object' && schema.properties === undefined;
}

function pruned(value: unknown, schema: StructuralSchema, path: string, unknown: string[]): unknown {
  if (value === null || typeof value !== 'object' || isFree(schema, path)) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, index) => pruned(item, items, `${path}[${index}]`, unknown));
  }
  const known = Object.entries(value).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const inner =
      schema.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    if (inner !== undefined) return [[name, pruned(field, inner, at, unknown)]];
    unknown.push(at);
    return [];
  });
  return Object.fromEntries(known);
}

/** No field here is nullable: a null counts as absent. */
function defaulted(value: unknown, schema: StructuralSchema): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => defaulted(item, items));
  }
  const fields = { ...(value as Record<string, unknown>) };
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (!Object.hasOwn(fields, name) || fields[name] === null) {
      delete fields[name];
      if (field.default !== undefined) fields[name] = structuredClone(field.default);
    }
    if (Object.hasOwn(fields, name)) fields[name] = defaulted(fields[name], field);
  }
  return fields;
}

const validators = new WeakMap<StructuralSchema, ValidateFunction>();
const ajv = new Ajv({ strict: false, allErrors: true, formats: { int32: true, int64: true, 'date-time': isRfc3339 } });

function isRfc3339(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
}

function validatorOf(schema: StructuralSchema): ValidateFunction {
  const known = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, known);
  return known;
}

/** Entries of a list by key that have the same keys. */
function repeated(schema: StructuralSchema, value: unknown, path: string): string[] {
  if (value === null || typeof value !== 'object') return [];
  if (!Array.isArray(value)) {
    return Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
      repeated(field, (value as Record<string, unknown>)[name], `${path}.${name}`),
    );
  }
  const { items, 'x-kubernetes-list-map-keys': keys } = schema;
  if (items === undefined) return [];
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    const at = `${path}[${index}]`;
    const key = JSON.stringify(keys?.map((name) => (item as Record<string, unknown> | null)?.[name]) ?? index);
    const twice = seen.has(key) ? [`${at}: Duplicate value`] : [];
    seen.add(key);
    return [...twice, ...repeated(items, item, at)];
  });
}

/** What the rules of a schema say against a value, as `path: message`; a rule that fails to run refuses, too. */
export function ruleFaults(schema: StructuralSchema, value: unknown, path: string): string[] {
  if (value === undefined) return [];
  const own = (schema['x-kubernetes-validations'] ?? []).flatMap(({ rule, message }) =>
    holds(rule, value) ? [] : [`${path}: ${message}`],
  );
  if (Array.isArray(value)) {
    const { items } = schema;
    return [...own, ...(items ? value.flatMap((item, index) => ruleFaults(items, item, `${path}[${index}]`)) : [])];
  }
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    ruleFaults(field, (value as Record<string, unknown>)[name], `${path}.${name}`),
  );
  return [...own, ...inner];
}

function holds(rule: string, value: unknown): boolean {
  const result = evaluateCel(rule, value);
  if (typeof result !== 'boolean') throw new TypeError(`a rule is true or false: ${rule}`);
  return result;
}
