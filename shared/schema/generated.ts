import { chartFiles } from '../helm/files.ts';
import { definitionPath, definitionText } from './crd.ts';
import { definitionsPage } from './crd-page.ts';
import { jsonSchemaFor, type ResourceKind, schemaFileName } from './json-schema.ts';
import { jsonText } from './json-text.ts';
import { operatorConfigJsonSchema, operatorConfigTable } from './operator-config.ts';
import { fieldsTable, rulesTable } from './tables.ts';

/** A committed file whose text is made from the schemas and rules. */
export interface GeneratedFile {
  /** Relative to the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every generated file as it must be committed. */
export function generatedFiles(): GeneratedFile[] {
  const kinds: ResourceKind[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];
  const schemas = kinds.map((kind) => ({
    path: `schemas/${schemaFileName(kind)}`,
    text: `${jsonText(jsonSchemaFor(kind), '')}\n`,
  }));
  const definitions = kinds.map((kind) => ({ path: definitionPath(kind), text: definitionText(kind) }));
  return [
    ...schemas,
    ...definitions,
    { path: 'docs/reference/fields.md', text: fieldsTable() },
    { path: 'docs/reference/rules.md', text: rulesTable() },
    { path: 'docs/reference/crd.md', text: definitionsPage() },
    ...chartFiles(),
    { path: 'docs/reference/operator-config.md', text: operatorConfigTable() },
    { path: 'schemas/operator-config.schema.json', text: `${jsonText(operatorConfigJsonSchema(), '')}\n` },
  ];
}
