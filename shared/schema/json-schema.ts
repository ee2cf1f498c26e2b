import { z } from 'zod';
import { connectorSchema } from '../resources/connector.ts';
import { topicMapSchema } from '../resources/topic-map.ts';

/** The kinds of resources there are. */
export type ResourceKind = 'MqttBridgeConnector' | 'MqttBridgeTopicMap';

/** A JSON Schema as data, the parts of it that this project reads. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly [keyword: string]: unknown;
}

const SCHEMAS = { MqttBridgeConnector: connectorSchema, MqttBridgeTopicMap: topicMapSchema };
const cache = new Map<ResourceKind, JsonSchema>();

/** The JSON Schema (2020-12) of a kind as an author writes it: fields with a default are optional. */
export function jsonSchemaFor(kind: ResourceKind): JsonSchema {
  const known = cache.get(kind);
  if (known !== undefined) return known;
  const schema = z.toJSONSchema(SCHEMAS[kind], { io: 'input' }) as JsonSchema;
  cache.set(kind, schema);
  return schema;
}

/** The file name under which a kind's schema is published. */
export function schemaFileName(kind: ResourceKind): string {
  return `${kind}.v1beta1.schema.json`;
}
