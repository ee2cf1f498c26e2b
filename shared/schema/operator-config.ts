import { z } from 'zod';
import { operatorConfigSchema } from '../operator/config.ts';
import type { JsonSchema } from './json-schema.ts';
import { FIELD_COLUMNS, fieldRow, GENERATED, schemaRows } from './tables.ts';

/** The JSON Schema (2020-12) of the operator's file, for editors. */
export function operatorConfigJsonSchema(): JsonSchema {
  return z.toJSONSchema(operatorConfigSchema, { io: 'input' }) as JsonSchema;
}

/** The reference of the operator's file as a Markdown page. */
export function operatorConfigTable(): string {
  const rows = schemaRows(operatorConfigJsonSchema()).map(fieldRow);
  return ["# The operator's file", '', GENERATED, '', INTRODUCTION, '', ...FIELD_COLUMNS, ...rows, ''].join('\n');
}

const INTRODUCTION = `\`mqttbridge operator --config FILE\` reads it once at its start, as YAML or JSON; after a change start the operator again. Agents go on meanwhile, and only
those whose pods change are replaced. An empty text counts as left out, so that Helm and Flux may put in variables that are empty; in labels,
annotations, node selectors, tolerations, affinity, environment variables and the sidecar it is a value.

\`\`\`yaml
# yaml-language-server: $schema=../../schemas/operator-config.schema.json
apiVersion: mqttbridge/v1
kind: OperatorConfig
image:
  repository: registry.example.com/mqttbridge
  tag: 0.1.0
definition:
  kubernetes: {}
agents:
  nodeSelector:
    kubernetes.io/arch: amd64
  tolerations:
    - key: example.com/edge
      operator: Exists
\`\`\`

Fields in \`definition.kubernetes\` and \`definition.controlPlane\` exclude each other, and so do \`key\` and \`audience\`; of the image either
\`repository\` and \`tag\` are needed or \`reference\`.`;
