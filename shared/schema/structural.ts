import type { JsonSchema } from './json-schema.ts';

/** A CEL rule at a node of a schema; `self` is the value there. */
export interface ValidationRule {
  readonly rule: string;
  readonly message: string;
}

/** A node of a Kubernetes structural schema, as far as this project needs them. */
export interface StructuralSchema {
  readonly description?: string;
  readonly type: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly items?: StructuralSchema;
}

/** What a node has in the cluster beyond the JSON Schema; paths read like `spec.routes[].target`. */
export type Additions = (path: string) => Partial<StructuralSchema>;

const KEPT = ['default', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems'] as const;

/**
 * Keywords with a form of their own here, and those that the API server does by itself or may not have: it prunes
 * unknown fields, and a count of properties is a validation rule, which can name its reason.
 */
const UNDERSTOOD = new Set<string>(
  [
    KEPT,
    ['type', 'enum', 'const', 'anyOf', 'format', 'pattern', 'description', 'required', 'properties', 'items'],
    ['$schema', 'title', 'additionalProperties', 'minProperties', 'maxProperties'],
  ].flat(),
);

/** The structural schema of a JSON Schema; throws a RangeError when a keyword has no form in it. */
export function structuralSchema(schema: JsonSchema, additions: Additions, path: string): StructuralSchema {
  const unknown = Object.keys(schema).find((keyword) => !UNDERSTOOD.has(keyword));
  if (unknown !== undefined) throw new RangeError(`${path}: ${unknown} has no form in a structural schema`);
  const values = valuesOf(schema, path);
  const type = typeOf(schema, values, path);
  return {
    ...(schema.description !== undefined && { description: schema.description }),
    type,
    ...formatOf(schema, type),
    ...(values !== undefined && { enum: values }),
    ...Object.fromEntries(
      KEPT.filter((keyword) => isBound(schema[keyword])).map((keyword) => [keyword, schema[keyword]]),
    ),
    ...(typeof schema.pattern === 'string' && { pattern: commonPattern(schema.pattern, path) }),
    ...additions(path),
    ...partsOf(schema, additions, path),
  };
}

function partsOf(schema: JsonSchema, additions: Additions, path: string): Partial<StructuralSchema> {
  const { properties, items, required = [] } = schema;
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) {
    throw new RangeError(`${path}: maps with free keys are not converted`);
  }
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [
    name,
    structuralSchema(field, additions, `${path}.${name}`),
  ]);
  return {
    ...(required.length > 0 && { required }),
    ...(fields.length > 0 && { properties: Object.fromEntries(fields) as Record<string, StructuralSchema> }),
    ...(items !== undefined && { items: structuralSchema(items, additions, `${path}[]`) }),
  };
}

/** A union of literals becomes one enum: alternatives must not have types in a structural schema. */
function valuesOf({ enum: values, const: fixed, anyOf }: JsonSchema, path: string): readonly unknown[] | undefined {
  if (values !== undefined) return values;
  if (fixed !== undefined) return [fixed];
  if (!Array.isArray(anyOf)) return undefined;
  return anyOf.flatMap((choice: JsonSchema) => {
    const folded = valuesOf(choice, path);
    if (folded === undefined) throw new RangeError(`${path}: only literals can be alternatives`);
    return folded;
  });
}

function typeOf({ type }: JsonSchema, values: readonly unknown[] | undefined, path: string): string {
  const known = typeof type === 'string' ? type : values && typeof values[0];
  if (known === undefined || known === 'null') throw new RangeError(`${path}: a value needs one type`);
  return known === 'number' && values?.every(Number.isInteger) === true ? 'integer' : known;
}

function formatOf({ format, minimum = 0, maximum }: JsonSchema, type: string): Partial<StructuralSchema> {
  if (typeof format === 'string') return { format };
  if (type !== 'integer') return {};
  const small = maximum === undefined || (maximum < 2 ** 31 && minimum >= -(2 ** 31));
  return { format: small ? 'int32' : 'int64' };
}

/** zod bounds every integer by what a double can carry; that bound says nothing. */
function isBound(value: unknown): boolean {
  return value !== undefined && value !== Number.MAX_SAFE_INTEGER && value !== Number.MIN_SAFE_INTEGER;
}

/** The same expression in what RE2 and JavaScript have in common; throws for what RE2 lacks. */
function commonPattern(pattern: string, path: string): string {
  if (/\(\?[=!<]|\\[1-9k]/.test(pattern))
    throw new RangeError(`${path}: RE2 has no look-around and no back references`);
  return pattern.replaceAll('\\0', '\\x00').replaceAll('\\/', '/');
}
