import { RULES, type Rule } from '../config/rules.ts';
import { ADMISSION_RULES, MAX_ROUTES, MAX_TOPIC_LENGTH } from './admission-rules.ts';
import { customResourceDefinition, definitionPath } from './crd.ts';
import type { ResourceKind } from './json-schema.ts';
import { GENERATED, tableRow } from './tables.ts';

/** Rules that the schema of a definition enforces, and by what; its messages do not carry the id. */
export const SCHEMA_RULES: Readonly<Record<string, string>> = {
  BC001: 'required fields',
  BC002: 'unknown fields: refused when the client asks for it, as `kubectl` does, else dropped',
  BC003: 'types, enums, ranges',
  BC006: 'patterns',
  TM001: 'required fields',
  TM002: 'unknown fields: refused when the client asks for it, as `kubectl` does, else dropped',
  TM003: 'types, enums, ranges',
  TM011: 'patterns',
  TM012: 'a pattern',
  TM021: 'required fields',
  XR003: 'the name of an object, unique in its namespace',
  XR004: 'the list of routes by name, within one topic map',
};

/** What the API server decides otherwise than `mqttbridge validate`. */
const DIFFERENCES = [
  `A topic, a topic filter and a share group have at most ${MAX_TOPIC_LENGTH.toLocaleString('en')} characters, and a topic map at most ${MAX_ROUTES.toLocaleString('en')} routes; else the rules would cost the API server too much.`,
  'Unknown fields are dropped instead of being an error when the client does not ask for strict validation.',
  'A field that is `null` counts as absent.',
  '`${inputTopic.N}` with an N from 65,536 to 99,999 is left to the operator.',
  'Of `metadata`, Kubernetes itself decides what is valid; a label of a dotted name may be longer than 63 characters.',
];

/** The reference of the custom resource definitions as a Markdown page. */
export function definitionsPage(): string {
  const kinds: ResourceKind[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];
  const rules = [...RULES.values()].filter(({ id, severity }) => severity === 'error' && !id.startsWith('YA'));
  return [
    '# Custom resource definitions',
    '',
    GENERATED,
    '',
    'The definitions take the resources of [fields.md](fields.md) with the same defaults. What else they do is below; what their status says is in [status.md](status.md).',
    '',
    ...kinds.flatMap(columnsSection),
    '## Who refuses what',
    '',
    'A rule in CEL answers with its id, as `mqttbridge validate` does. Warnings refuse nothing; rules of text (YA…) are about files.',
    '',
    tableRow(['Rule', 'What is wrong', 'Refused at admission by']),
    '|---|---|---|',
    ...rules.map((rule) => tableRow([rule.id, rule.title, enforcer(rule)])),
    '',
    '## What differs from files',
    '',
    ...DIFFERENCES.map((difference) => `- ${difference}`),
    '',
  ].join('\n');
}

function columnsSection(kind: ResourceKind): string[] {
  const { names, versions } = customResourceDefinition(kind).spec;
  const columns = versions.flatMap(({ additionalPrinterColumns }) => additionalPrinterColumns);
  return [
    `## ${kind}`,
    '',
    `\`${definitionPath(kind)}\`: \`kubectl get ${names.plural}\`, short name \`${names.shortNames.join()}\`, category \`${names.categories.join()}\`.`,
    '',
    tableRow(['Column', 'Shown', 'From', 'Meaning']),
    '|---|---|---|---|',
    ...columns.map(({ name, priority, jsonPath, description }) =>
      tableRow([name.toUpperCase(), priority === 1 ? 'with `-o wide`' : 'always', `\`${jsonPath}\``, description]),
    ),
    '',
  ];
}

function enforcer({ id }: Rule): string {
  const paths = ADMISSION_RULES.filter((rule) => rule.id === id).map(({ path }) => `\`${path}\``);
  const schema = SCHEMA_RULES[id];
  const ways = [
    ...(schema === undefined ? [] : [schema]),
    ...(paths.length === 0 ? [] : [`CEL at ${paths.join(', ')}`]),
  ];
  return ways.length === 0 ? 'nobody: the operator says it in the condition Accepted' : ways.join('; ');
}
