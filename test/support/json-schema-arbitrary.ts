import * as fc from 'fast-check';

/** A JSON Schema as data. */
export type Schema = Readonly<Record<string, unknown>>;

/** Finds what a `$ref` means. */
export type Resolve = (ref: string) => Schema;

const LONGEST_TEXT = 40;
const LONGEST_LIST = 4;

/** Values that fit a schema, as far as the keywords go that zod writes; deep ones stay small. */
export function valuesOf(schema: Schema, resolve: Resolve, depth = 0): fc.Arbitrary<unknown> {
  const inner = (part: unknown) => valuesOf(part as Schema, resolve, depth + 1);
  const { $ref, anyOf, oneOf, allOf } = schema;
  if (typeof $ref === 'string') return referredTo(resolve($ref), inner);
  if ('const' in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
  const choices = anyOf ?? oneOf ?? allOf;
  if (Array.isArray(choices)) return fc.oneof(...choices.map(inner));
  switch (schema.type) {
    case 'string':
      return textOf(schema);
    case 'integer':
    case 'number':
      return numberOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return listOf(schema, inner);
    case 'object':
      return objectOf(schema, inner);
    default:
      return depth > 6 ? fc.constant(null) : fc.jsonValue({ maxDepth: 2 }).filter(hasPlainKeys);
  }
}

/** No schema can say that these keys are refused. */
function hasPlainKeys(value: unknown): boolean {
  return !/"(?:__proto__|<<)":/.test(JSON.stringify(value));
}

/** Made once: the same schemas are referred to again and again. */
const components = new WeakMap<Schema, fc.Arbitrary<unknown>>();

function referredTo(schema: Schema, make: (schema: Schema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const made = components.get(schema) ?? make(schema);
  components.set(schema, made);
  return made;
}

function textOf({ format, pattern, minLength = 0, maxLength = LONGEST_TEXT }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.date({ noInvalidDate: true, min: new Date(0), max: LATEST }).map(isoText);
  if (format === 'uuid') return fc.uuid({ version: 4 });
  const [min, max] = [Number(minLength), Math.min(Number(maxLength), Number(minLength) + LONGEST_TEXT)];
  if (typeof pattern !== 'string') return fc.string({ minLength: min, maxLength: max, unit: CHARACTERS });
  return matching(pattern).filter((text) => text.length >= min && text.length <= Number(maxLength));
}

/** fast-check looks long at a pattern before it makes the first text. */
const known = new Map<string, fc.Arbitrary<string>>();

function matching(pattern: string): fc.Arbitrary<string> {
  const made = known.get(pattern) ?? fc.stringMatching(new RegExp(pattern));
  known.set(pattern, made);
  return made;
}

/** Letters of one to four bytes, and characters that mean something to MQTT, YAML, JSON and URLs. */
const CHARACTERS = fc.constantFrom(...'ab0Z/+#$%"\\:-,{}[]&*!|>? \n\u0000é日'.split(''), '😀');

const LATEST = new Date('2100-01-01');

function isoText(date: Date): string {
  return date.toISOString();
}

function numberOf({ type, minimum, maximum, exclusiveMinimum }: Schema): fc.Arbitrary<number> {
  const min = Number(minimum ?? (exclusiveMinimum === undefined ? -1000 : Number(exclusiveMinimum) + 1));
  const max = Math.min(Number(maximum ?? min + 1_000_000), Number.MAX_SAFE_INTEGER);
  return type === 'integer'
    ? fc.integer({ min, max: Math.min(max, 2 ** 31 - 1) })
    : fc.double({ min, max, noNaN: true });
}

function listOf(
  { items = {}, minItems = 0, maxItems = LONGEST_LIST }: Schema,
  inner: (part: unknown) => fc.Arbitrary<unknown>,
) {
  const minLength = Number(minItems);
  return fc.array(inner(items), { minLength, maxLength: Math.min(Number(maxItems), minLength + LONGEST_LIST) });
}

function objectOf(schema: Schema, inner: (part: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties } = schema;
  const fixed = Object.entries(properties as Schema).map(([name, part]) => [name, inner(part)] as const);
  const fields = fc.record(Object.fromEntries(fixed), { requiredKeys: required as string[] });
  if (fixed.length > 0 || typeof additionalProperties !== 'object') return fields;
  const names = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,9}$/);
  return fc.dictionary(names, inner(additionalProperties), { maxKeys: LONGEST_LIST });
}

/** Values that differ from one of `values` in one place: another type, a field more or a field less. */
export function damaged(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.tuple(values, fc.nat(), fc.constantFrom(...DAMAGES)).map(([value, at, damage]) => {
    const copy: unknown = structuredClone(value);
    const spots = spotsOf(copy);
    const spot = spots[at % Math.max(1, spots.length)];
    if (spot === undefined) return damage(undefined);
    damageAt(spot, damage);
    return copy;
  });
}

type Damage = (value: unknown) => unknown;

const REMOVED = Symbol('removed');
const DAMAGES: readonly Damage[] = [
  () => REMOVED,
  () => null,
  (value) => [value],
  (value) => (typeof value === 'number' ? -value - 1e9 : 1e9),
  () => '\u0000 /#+',
  (value) => ({ strange: value }),
];

interface Spot {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function spotsOf(value: unknown): Spot[] {
  if (value === null || typeof value !== 'object') return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...spotsOf(holder[key])]);
}

function damageAt({ holder, key }: Spot, damage: Damage): void {
  const value = damage(holder[key]);
  if (value === REMOVED) delete holder[key];
  else holder[key] = value;
}
