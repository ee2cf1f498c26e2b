import { customResourceDefinition } from '../shared/schema/crd.ts';
import { jsonSchemaFor, type ResourceKind } from '../shared/schema/json-schema.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { UsageError } from './usage-error.ts';

const KINDS: readonly ResourceKind[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];

export interface SchemaOptions {
  readonly kind?: string;
  /** The custom resource definitions instead, for `kubectl apply -f -`. */
  readonly crd?: boolean;
  readonly output: OutputFormat;
}

/** `mqttbridge schema`: the JSON Schema of one kind, or one that accepts every kind; or their custom resource definitions. */
export async function schemaCommand({ kind, crd = false, output }: SchemaOptions, io: Io): Promise<ExitCode> {
  const kinds = kind === undefined ? KINDS : [kindOf(kind)];
  const schema = crd ? definitionsOf(kinds) : schemaOf(kinds);
  await printData(io, output, { data: schema, table: () => `${JSON.stringify(schema, null, 2)}\n` });
  return EXIT.ok;
}

function kindOf(text: string): ResourceKind {
  const kind = KINDS.find((each) => each.toLowerCase() === text.toLowerCase());
  if (kind === undefined) throw new UsageError(`there is no kind "${text}"`, `one of ${KINDS.join(', ')}`);
  return kind;
}

function schemaOf(kinds: readonly ResourceKind[]): object {
  const schemas = kinds.map(jsonSchemaFor);
  const [only] = schemas;
  if (only !== undefined && schemas.length === 1) return only;
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'mqttbridge resources', oneOf: schemas };
}

function definitionsOf(kinds: readonly ResourceKind[]): object {
  return { apiVersion: 'v1', kind: 'List', items: kinds.map(customResourceDefinition) };
}
