import { jsonSchemaFor, type ResourceKind } from '../shared/schema/json-schema.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { UsageError } from './usage-error.ts';

const KINDS: readonly ResourceKind[] = ['MqttBridgeConnector', 'MqttBridgeTopicMap'];

export interface SchemaOptions {
  readonly kind?: string;
  readonly output: OutputFormat;
}

/** `mqttbridge schema`: the JSON Schema of one kind, or one that accepts every kind. */
export async function schemaCommand({ kind, output }: SchemaOptions, io: Io): Promise<ExitCode> {
  const schema = kind === undefined ? anyKind() : jsonSchemaFor(kindOf(kind));
  await printData(io, output, { data: schema, table: () => `${JSON.stringify(schema, null, 2)}\n` });
  return EXIT.ok;
}

function kindOf(text: string): ResourceKind {
  const kind = KINDS.find((each) => each.toLowerCase() === text.toLowerCase());
  if (kind === undefined) throw new UsageError(`there is no kind "${text}"`, `one of ${KINDS.join(', ')}`);
  return kind;
}

function anyKind(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'mqttbridge resources',
    oneOf: KINDS.map(jsonSchemaFor),
  };
}
