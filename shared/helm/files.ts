import { z } from 'zod';
import { definitionPath, definitionText } from '../schema/crd.ts';
import type { GeneratedFile } from '../schema/generated.ts';
import { jsonText } from '../schema/json-text.ts';
import type { JsonSchema, ResourceKind } from '../schema/json-schema.ts';
import { FIELD_COLUMNS, type FieldRow, fieldRow, GENERATED, schemaRows } from '../schema/tables.ts';
import { helmValuesSchema } from './values.ts';

const CHART = 'infra/kubernetes/helm/mqttbridge';

/** What of the Helm chart is generated. */
export function chartFiles(): GeneratedFile[] {
  const kinds: ResourceKind[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];
  return [
    { path: `${CHART}/values.schema.json`, text: `${jsonText(valuesSchema(), '')}\n` },
    ...kinds.map((kind) => ({
      path: definitionPath(kind).replace('infra/kubernetes/crds', `${CHART}/templates/crds`),
      text: definitionTemplate(definitionText(kind)),
    })),
    { path: 'docs/reference/helm.md', text: valuesPage() },
  ];
}

/** The JSON Schema that Helm checks values by: draft 7 is what all its versions know. */
export function valuesSchema(): JsonSchema {
  return z.toJSONSchema(helmValuesSchema, { io: 'input', target: 'draft-7' }) as JsonSchema;
}

/**
 * A definition as a template. Helm upgrades and removes what is in templates (it installs `crds/` once and for all);
 * with the definition all connectors would go, so it is kept.
 */
function definitionTemplate(definition: string): string {
  const [comment = '', ...lines] = definition.replaceAll('{{', '{{ "{{" }}').split('\n');
  const kept = lines.join('\n').replace('  annotations:\n', '  annotations:\n    helm.sh/resource-policy: keep\n');
  return `{{- if .Values.crds.install }}\n${comment}\n${kept}{{- end }}\n`;
}

function valuesPage(): string {
  const rows = schemaRows(valuesSchema()).filter(
    ({ path }) => !/^(?:agents\.tolerations|connectors|topicMaps)\[\]\./.test(path),
  );
  return [
    '# Values of the Helm chart',
    '',
    GENERATED,
    '',
    '[deploy-kubernetes.md](../deploy-kubernetes.md#with-helm) shows how the chart is used. A value that is not listed is refused.',
    'Fields of connectors and topic maps: [fields.md](fields.md).',
    '',
    ...FIELD_COLUMNS,
    ...rows.map((row) => fieldRow(withShortDefault(row))),
    '',
  ].join('\n');
}

/** A group's default is that of its values. */
function withShortDefault(row: FieldRow): FieldRow {
  return row.default === '`""`' ? { ...row, default: '' } : row;
}
