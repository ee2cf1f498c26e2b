import { z } from 'zod';
import { PROBLEM_MEDIA_TYPE, problemSchema } from '../../shared/api/problem.ts';
import { connectorSchema } from '../../shared/resources/connector.ts';
import { topicMapSchema } from '../../shared/resources/topic-map.ts';
import { jsonSchemaFor } from '../../shared/schema/json-schema.ts';
import type { Operation, ParameterDoc, ResponseDoc } from './contract.ts';
import { pathParameterSchema } from './parameters.ts';
import { pathParameters } from './route-match.ts';

/** A JSON value that is an object. */
type Json = Record<string, unknown>;

const COMPONENTS = '#/components/schemas/';

/** Describes operations as OpenAPI 3.1; the same operations make the same document. */
export function openApiDocument(operations: readonly Operation[]): Json {
  const schemas: Json = {
    MqttBridgeConnector: withoutDialect(jsonSchemaFor('MqttBridgeConnector')),
    MqttBridgeTopicMap: withoutDialect(jsonSchemaFor('MqttBridgeTopicMap')),
  };
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = (paths[`/${operation.path}`] ??= {});
    path[operation.method.toLowerCase()] = operationObject(operation, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'mqttbridge control plane',
      version: 'v1',
      description: 'Definitions of MQTT bridges at many sites, and the health of the agents that run them.',
    },
    servers: [{ url: '/api' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: sorted(schemas),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A token of Microsoft Entra ID, or an API key.' },
      },
    },
  };
}

function operationObject(operation: Operation, schemas: Json): Json {
  const { id, summary, role, path, parameters = [], requestBody } = operation;
  const described = [...pathParameters(path).map(pathParameterDoc), ...parameters];
  const isPublic = role === 'public' || role === 'liveness';
  return {
    operationId: id,
    summary,
    ...(isPublic ? { security: [] } : { 'x-role': role }),
    ...(described.length === 0 ? {} : { parameters: described.map((doc) => parameterObject(doc, schemas)) }),
    ...(requestBody === undefined
      ? {}
      : {
          requestBody: {
            description: requestBody.description,
            required: true,
            content: contentOf(requestBody.schema, requestBody.mediaTypes, 'input', schemas),
          },
        }),
    responses: responsesOf(operation, schemas),
  };
}

type Described = Omit<ParameterDoc, 'in'> & { readonly in: ParameterDoc['in'] | 'path' };

function pathParameterDoc(name: string): Described {
  const schema = pathParameterSchema(name);
  return { name, in: 'path', description: schema.meta()?.description ?? name, schema, required: true };
}

function parameterObject({ name, in: place, description, schema, required = false }: Described, schemas: Json): Json {
  return { name, in: place, description, required, schema: schemaOf(schema, 'input', schemas) };
}

const RETRY_AFTER = { 'Retry-After': 'Seconds to wait.' };

/** Answers of all operations, by what they need. */
function commonResponses({ role, path, parameters = [], requestBody }: Operation): Record<number, ResponseDoc> {
  const doc = (description: string, headers: ResponseDoc['headers'] = {}): ResponseDoc => ({
    description,
    schema: problemSchema,
    headers,
  });
  const takesInput = parameters.length > 0 || path.includes('{') || requestBody !== undefined;
  const isPublic = role === 'public' || role === 'liveness';
  return {
    // Unknown parameters are refused everywhere.
    400: doc(takesInput ? 'Parameters or body are not valid.' : 'Parameters are not taken.'),
    406: doc('There is no representation that the caller accepts.'),
    ...(isPublic
      ? {}
      : {
          401: doc('Credentials are missing or not valid.', { 'WWW-Authenticate': 'How to authenticate.' }),
          403: doc('The caller may not do this.'),
          429: doc('Too many requests of this caller.', RETRY_AFTER),
        }),
    ...(requestBody === undefined
      ? {}
      : {
          408: doc('The body did not arrive in time.'),
          413: doc('The body is larger than 1 MiB, or holds too many documents.'),
          415: doc('The body is of another media type.'),
        }),
    500: doc('Something failed that should not.'),
    ...(role === 'liveness' ? {} : { 503: doc('No authentication is configured, or a service is away.') }),
  };
}

function responsesOf(operation: Operation, schemas: Json): Json {
  const all: Record<number, ResponseDoc> = { ...commonResponses(operation), ...operation.responses };
  return Object.fromEntries(Object.entries(all).map(([status, doc]) => [status, responseObject(doc, schemas)]));
}

function responseObject({ description, schema, mediaTypes, headers = {} }: ResponseDoc, schemas: Json): Json {
  const types = mediaTypes ?? [schema === problemSchema ? PROBLEM_MEDIA_TYPE : 'application/json'];
  const named = Object.entries(headers).map(([name, text]) => [
    name,
    { description: text, required: name !== 'Retry-After', schema: { type: 'string' } },
  ]);
  return {
    description,
    ...(named.length === 0 ? {} : { headers: Object.fromEntries(named) }),
    ...(schema === undefined ? {} : { content: contentOf(schema, types, 'output', schemas) }),
  };
}

function contentOf(schema: z.ZodType, types: readonly string[], io: 'input' | 'output', schemas: Json): Json {
  const json = schemaOf(schema, io, schemas);
  return Object.fromEntries(types.map((type) => [type, { schema: json }]));
}

/** The schema as JSON; what has an id becomes a component. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const {
    $schema: _dialect,
    $defs = {},
    id,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    // Answers may get more fields; strangers to them must not break.
    override: ({ zodSchema, jsonSchema }) => {
      const kind = RESOURCES.get(zodSchema);
      if (kind !== undefined) replace(jsonSchema, { $ref: `${COMPONENTS}${kind}` });
    },
  }) as Json & { $defs?: Record<string, Json> };
  for (const [name, definition] of Object.entries($defs)) schemas[name] ??= hoisted(definition);
  if (typeof id !== 'string') return hoisted(rest);
  schemas[id] ??= hoisted(rest);
  return { $ref: `${COMPONENTS}${id}` };
}

const RESOURCES = new Map<unknown, string>([
  [connectorSchema, 'MqttBridgeConnector'],
  [topicMapSchema, 'MqttBridgeTopicMap'],
]);

function replace(target: Json, value: Json): void {
  for (const key of Object.keys(target)) delete target[key];
  Object.assign(target, value);
}

/** References to definitions become references to components. */
function hoisted(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key === '$ref' && typeof value === 'string') return value.replace(/^#\/\$defs\//, COMPONENTS);
    return value;
  }) as Json;
}

function withoutDialect({ $schema: _dialect, ...schema }: Readonly<Json>): Json {
  return schema;
}

function sorted(schemas: Json): Json {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
