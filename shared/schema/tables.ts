import { RULES } from '../config/rules.ts';
import { type JsonSchema, jsonSchemaFor, type ResourceKind } from './json-schema.ts';

/** One field of a resource for the reference table. */
export interface FieldRow {
  /** Such as `spec.routes[].target`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly default: string;
  readonly range: string;
  readonly description: string;
}

/** Every field of a kind, in the order of the schema; what the cluster writes is left out. */
export function fieldRows(kind: ResourceKind): FieldRow[] {
  return schemaRows(jsonSchemaFor(kind)).filter(
    ({ description }) => description !== 'Written by the cluster, ignored.',
  );
}

/** Every field of a schema, in its order. */
export function schemaRows(schema: JsonSchema): FieldRow[] {
  return rowsOf(schema, '');
}

/** The reference of all fields as a Markdown page. */
export function fieldsTable(): string {
  const kinds: ResourceKind[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];
  const sections = kinds.map((kind) => {
    return [`## ${kind}`, '', ...FIELD_COLUMNS, ...fieldRows(kind).map(fieldRow), ''].join('\n');
  });
  return ['# Fields of the two resources', '', GENERATED, '', ...sections].join('\n');
}

/** The reference of all validation rules as a Markdown page. */
export function rulesTable(): string {
  const rows = [...RULES.values()].map(({ id, severity, title, advice }) => tableRow([id, severity, title, advice]));
  const head = [tableRow(['Rule', 'Severity', 'What is wrong', 'What to do']), '|---|---|---|---|'];
  return ['# Validation rules', '', GENERATED, '', ...head, ...rows, ''].join('\n');
}

/** Says on a generated page where it comes from. */
export const GENERATED = 'Generated from `shared/` by `node cli/generate/main.ts`; a test compares it with the source.';

/** The head of a table of fields. */
export const FIELD_COLUMNS = [
  tableRow(['Field', 'Type', 'Required', 'Default', 'Range', 'Meaning']),
  '|---|---|---|---|---|---|',
];

/** One line of a table of fields. */
export function fieldRow({ path, type, required, default: fallback, range, description }: FieldRow): string {
  return tableRow([`\`${path}\``, type, required ? 'yes' : '', fallback, range, description]);
}

function rowsOf(schema: JsonSchema, path: string): FieldRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const required = schema.required?.includes(name) === true;
    const inner = field.items?.properties === undefined ? rowsOf(field, at) : rowsOf(field.items, `${at}[]`);
    return [rowOf(field, at, required), ...inner];
  });
}

function rowOf(field: JsonSchema, path: string, required: boolean): FieldRow {
  return {
    path,
    type: typeName(field),
    required,
    default:
      field.default === undefined || field.properties !== undefined ? '' : `\`${JSON.stringify(field.default)}\``,
    range: rangeOf(field),
    description: field.description ?? '',
  };
}

function typeName({ type, enum: values, const: fixed, items, anyOf }: JsonSchema): string {
  if (Array.isArray(anyOf)) return [...new Set((anyOf as JsonSchema[]).map(typeName))].join(' or ');
  if (type === 'array') return items?.type === undefined ? 'list' : `list of ${String(items.type)}s`;
  if (typeof type === 'string') return type;
  return typeof (fixed ?? values?.[0] ?? {});
}

function rangeOf({ enum: values, const: fixed, minimum, maximum, minProperties, maxProperties }: JsonSchema): string {
  if (fixed !== undefined) return `\`${JSON.stringify(fixed)}\``;
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (minProperties === 1 && maxProperties === 1) return 'exactly one of';
  if (minimum === undefined || maximum === undefined) return '';
  return `${minimum} to ${maximum}`;
}

/** A row of a Markdown table. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
