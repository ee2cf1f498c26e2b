import type * as fc from 'fast-check';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import { type JsonSchema, jsonSchemaFor, type ResourceKind } from '../../../shared/schema/json-schema.ts';
import { type Schema, valuesOf } from '../json-schema-arbitrary.ts';

/** A resource as an author writes it. */
export interface WrittenResource {
  readonly apiVersion: string;
  readonly kind: ResourceKind;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const text = (pattern: string): Schema => ({ type: 'string', pattern });
const oneOf = (...choices: readonly Schema[]): Schema => ({ oneOf: choices });

const FILTER = text('^([a-z]{1,3}|\\+)(/([a-z]{0,3}|\\+)){0,3}(/#)?$');
const ENDPOINT = text('^[a-z]{1,8}\\.test:[1-9][0-9]{0,3}$');
const TARGET = text('^[a-z]{1,3}(/[a-z]{0,3}|/\\$\\{inputTopic\\}|/\\$\\{inputTopic\\.[1-9]\\}){0,3}$');
const DEAD_LETTER = text('^[a-z]{1,3}(/[a-z]{0,3}){0,3}$');
const GROUP = text('^[A-Za-z0-9 ]{1,8}$');
const EVENT_GRID = text('^ns\\.west-1(\\.ts)?\\.[eE]ventgrid\\.azure\\.(net|us|org)\\.?:8883$');

/** Texts that the JSON Schema does not describe, since code checks them. */
const VALID: Readonly<Record<string, Schema>> = {
  clientIdPrefix: text('^[a-zA-Zéü日-]{0,20}$'),
  endpoint: ENDPOINT,
  secretPath: text('^/[a-z/]{0,12}$'),
  source: FILTER,
  'excludes[]': FILTER,
  target: TARGET,
  deadLetterTopic: DEAD_LETTER,
  groupName: GROUP,
};

const ODD_TOPIC = oneOf(text('^[a/+#$]{0,6}$'), text('^(a|/|\\$|\\{|\\}|\\$\\{inputTopic|\\.|1|0|\\+|\\}){0,7}$'), {
  enum: [
    '',
    '\0',
    'a\0',
    'a\nb',
    '$share',
    '$share/g/a',
    '$shared',
    '${',
    '$',
    '$${inputTopic}',
    '$${x}',
    '${inputTopic.0}',
    '😀/é',
  ],
});
const ODD_ENDPOINT = oneOf(
  EVENT_GRID,
  text('^[a-z.:@/_-]{0,5}:[0-9]{0,6}$'),
  text('^\\[[0-9a-f:.]{0,5}(%[a-z.]{0,3})?\\](:[0-9]{0,5})?$'),
  text('^h:(0{0,4}[0-9]{1,5}|6553[0-9]|655[0-9]{2})$'),
  {
    enum: [
      '',
      ':',
      'h',
      'mqtt://h:1883',
      `${'h'.repeat(64)}:1`,
      `${'h.'.repeat(126)}hh:65535`,
      `${'h.'.repeat(127)}h:1`,
    ],
  },
);

const either = (valid: Schema, odd: Schema) => oneOf(valid, valid, odd);

/** Texts of which some are wrong. */
const MIXED: Readonly<Record<string, Schema>> = {
  ...VALID,
  clientIdPrefix: either(VALID.clientIdPrefix, { enum: ['\0', 'a\0b', '\\x00'] }),
  endpoint: either(oneOf(ENDPOINT, EVENT_GRID), ODD_ENDPOINT),
  source: either(FILTER, ODD_TOPIC),
  'excludes[]': either(FILTER, ODD_TOPIC),
  target: either(TARGET, ODD_TOPIC),
  deadLetterTopic: either(DEAD_LETTER, ODD_TOPIC),
  groupName: either(GROUP, ODD_TOPIC),
};

/** Resources that fit the schema and every rule about one text; rules between fields may be broken. */
export function wellFormedResources(kind: ResourceKind): fc.Arbitrary<WrittenResource> {
  return resources(kind, VALID, false);
}

/** Resources of the right shape in which topics, endpoints and authentication are wrong now and then. */
export function mixedResources(kind: ResourceKind): fc.Arbitrary<WrittenResource> {
  return resources(kind, MIXED, true);
}

function resources(kind: ResourceKind, texts: Readonly<Record<string, Schema>>, loose: boolean) {
  const schema = adapted(jsonSchemaFor(kind).properties?.spec ?? {}, 'spec', texts, loose);
  const specs = valuesOf(schema, (ref) => {
    throw new RangeError(`no reference is expected: ${ref}`);
  }) as fc.Arbitrary<WrittenResource['spec']>;
  return specs.map((spec) => ({ apiVersion: API_VERSION, kind, metadata: { name: 'made' }, spec: distinct(spec) }));
}

/** The schema with texts replaced and, where exactly one field is allowed, a choice between them. */
function adapted(schema: JsonSchema, name: string, texts: Readonly<Record<string, Schema>>, loose: boolean): Schema {
  const replaced = Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (replaced !== undefined) return replaced;
  const { properties, items } = schema;
  if (items !== undefined) return { ...schema, items: adapted(items, `${name}[]`, texts, loose) };
  if (properties === undefined) return schema;
  const fields = Object.fromEntries(
    Object.entries(properties).map(([key, field]) => [key, adapted(field, key, texts, loose)]),
  );
  const free = { ...schema, properties: fields };
  if (schema.maxProperties !== 1) return free;
  const single = Object.entries(fields).map(([key, field]) => ({
    type: 'object',
    properties: { [key]: field },
    required: [key],
  }));
  return loose ? oneOf(...single, free) : oneOf(...single);
}

/** Routes with names of their own. */
function distinct(spec: WrittenResource['spec']): WrittenResource['spec'] {
  const { routes } = spec as { routes?: readonly object[] };
  return routes === undefined
    ? spec
    : { ...spec, routes: routes.map((route, index) => ({ ...route, name: `r${index}` })) };
}
