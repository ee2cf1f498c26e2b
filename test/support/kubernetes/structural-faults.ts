import type { StructuralSchema } from '../../../shared/schema/structural.ts';
import { ruleFaults, schemaFaults } from './admission.ts';

/** Keywords that a node of ours may have; all others are forbidden, unknown to Kubernetes, or not needed. */
const ALLOWED = new Set(
  [
    ['type', 'format', 'description', 'enum', 'default', 'nullable', 'properties', 'required', 'items', 'pattern'],
    ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'],
    ['x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-validations'],
  ].flat(),
);
const TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'];
const FORMATS = ['int32', 'int64', 'date-time'];
const LIST_TYPES = ['atomic', 'set', 'map'];
const MOST_REPEATS = 1000;

/** Why the API server would refuse a schema as not structural or not valid, as `path: reason`; empty for a good one. */
export function structuralFaults(root: StructuralSchema): string[] {
  const { apiVersion, kind, metadata } = root.properties ?? {};
  const envelope = [
    ...(root.type === 'object' ? [] : ['.: the root is an object']),
    ...(root.default === undefined ? [] : ['.: the root has no default']),
    ...[apiVersion, kind].flatMap((field) =>
      field === undefined || field.type === 'string' ? [] : ['.: type is text'],
    ),
    ...(metadata !== undefined && Object.keys(metadata).join() !== 'type'
      ? ['.metadata: only its type may be said']
      : []),
  ];
  return [...envelope, ...nodeFaults(root, '')];
}

function nodeFaults(node: StructuralSchema, path: string): string[] {
  const say = (reason: string) => `${path || '.'}: ${reason}`;
  const own = [
    ...Object.keys(node)
      .filter((keyword) => !ALLOWED.has(keyword))
      .map((keyword) => `the keyword ${keyword} is not allowed`),
    ...(TYPES.includes(node.type) ? [] : [`the type ${node.type} is none`]),
    ...(node.format === undefined || FORMATS.includes(node.format) ? [] : [`the format ${node.format} is not known`]),
    ...objectFaults(node),
    ...listFaults(node),
    ...valueFaults(node),
    ...(node.pattern === undefined ? [] : patternFaults(node.pattern)),
    ...messageFaults(node),
  ];
  const fields = Object.entries(node.properties ?? {}).flatMap(([name, field]) => nodeFaults(field, `${path}.${name}`));
  return [...own.map(say), ...fields, ...(node.items === undefined ? [] : nodeFaults(node.items, `${path}[]`))];
}

function objectFaults({ type, properties, required }: StructuralSchema): string[] {
  if (properties === undefined && required === undefined) return [];
  const missing = (required ?? []).filter((name) => properties?.[name] === undefined);
  return [
    ...(type === 'object' ? [] : ['only an object has fields']),
    ...missing.map((name) => `the required field ${name} is not defined`),
  ];
}

function listFaults(node: StructuralSchema): string[] {
  const { type, items, 'x-kubernetes-list-type': listType, 'x-kubernetes-list-map-keys': keys } = node;
  if (type !== 'array') return items || listType || keys ? ['only a list has items, list type and keys'] : [];
  if (items === undefined) return ['a list says what its items are'];
  const misplaced = (listType === 'map') !== (keys !== undefined) ? ['keys belong to the list type map'] : [];
  const unknown = listType !== undefined && !LIST_TYPES.includes(listType) ? ['the list type is none'] : [];
  const keyFaults = (keys ?? []).flatMap((key) => {
    const field = items.properties?.[key];
    if (field === undefined || ['object', 'array'].includes(field.type)) return [`the key ${key} is no scalar field`];
    const certain = items.required?.includes(key) === true || field.default !== undefined;
    return certain ? [] : [`the key ${key} is neither required nor has it a default`];
  });
  return [...misplaced, ...unknown, ...keyFaults];
}

function valueFaults(node: StructuralSchema): string[] {
  const { default: fallback, enum: values = [] } = node;
  return [
    ...(fallback === undefined ? [] : defaultFaults(node, fallback).map((fault) => `the default: ${fault}`)),
    ...values.flatMap((value) => schemaFaults({ type: node.type }, value).map((fault) => `the enum: ${fault}`)),
  ];
}

/** A default is taken as it stands: nothing is filled in before the API server checks it, by schema and rules. */
function defaultFaults(node: StructuralSchema, fallback: unknown): string[] {
  try {
    return [...schemaFaults(node, fallback), ...ruleFaults(node, fallback, '')];
  } catch (error) {
    return [String(error)];
  }
}

/** RE2 has neither look-around nor back references, and repeats a thousand times at most. */
export function patternFaults(pattern: string): string[] {
  const repeats = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [
    Number(least),
    Number(most),
  ]);
  return [
    ...(/\(\?(?![:i])/.test(pattern) ? ['the pattern has a group that RE2 lacks'] : []),
    ...(/\\[1-9kuUcpP]/.test(pattern) ? ['the pattern has an escape that RE2 and JavaScript read differently'] : []),
    ...(repeats.some((count) => count > MOST_REPEATS) ? ['the pattern repeats too often'] : []),
  ];
}

function messageFaults({ 'x-kubernetes-validations': rules = [] }: StructuralSchema): string[] {
  return rules.flatMap(({ rule, message }) => [
    ...(rule.trim() === '' || message.trim() === '' ? ['a rule has a text and a message'] : []),
    ...(/[\n\r]/.test(message) || message.length > 2048 ? ['a message is one line of 2,048 characters at most'] : []),
    ...[...rule.matchAll(/r'([^']*)'/g)].flatMap(([, pattern]) => patternFaults(pattern ?? '')),
  ]);
}
