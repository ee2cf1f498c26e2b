import { stringify } from 'yaml';
import { z } from 'zod';
import { API_VERSION } from '../resources/metadata.ts';
import { connectorStatusSchema, topicMapStatusSchema } from '../resources/status.ts';
import {
  ADMISSION_RULES,
  FILTER_PATTERN,
  MAX_ENDPOINT_LENGTH,
  MAX_ROUTES,
  MAX_TOPIC_LENGTH,
} from './admission-rules.ts';
import { type JsonSchema, jsonSchemaFor, type ResourceKind } from './json-schema.ts';
import { type StructuralSchema, structuralSchema } from './structural.ts';

/** A column of `kubectl get`; priority 1 is shown with `-o wide` only. */
interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: 1;
}

/** A custom resource definition as the API server takes it, the parts that this project writes. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: Readonly<Record<'kind' | 'listKind' | 'plural' | 'singular', string>> & {
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly served: true;
      readonly storage: true;
      readonly subresources: { readonly status: object };
      readonly additionalPrinterColumns: readonly PrinterColumn[];
      readonly schema: { readonly openAPIV3Schema: StructuralSchema };
    }[];
  };
}

/** The custom resource definition of a kind. */
export function customResourceDefinition(kind: ResourceKind): CustomResourceDefinition {
  const [group = '', version = ''] = API_VERSION.split('/');
  const { plural, shortName, columns } = KINDS[kind];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'app.kubernetes.io/part-of': 'mqttbridge' },
      // Flux would take the ${inputTopic} of descriptions and rules for a variable of its own.
      annotations: { 'kustomize.toolkit.fluxcd.io/substitute': 'disabled' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ['mqttbridge'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: schemaOf(kind) },
        },
      ],
    },
  };
}

/** Where the custom resource definition of a kind is committed. */
export function definitionPath(kind: ResourceKind): string {
  return `infra/kubernetes/crds/${KINDS[kind].plural}.yaml`;
}

/** The custom resource definition of a kind as YAML; read alike by YAML 1.1, which kubectl speaks, and 1.2. */
export function definitionText(kind: ResourceKind): string {
  const options = { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1', directives: false } as const;
  return `${HEADER}${stringify(customResourceDefinition(kind), options)}`;
}

const HEADER = '# Generated from shared/ by `node cli/generate/main.ts`; a test compares it with the source.\n';

const COMMON_COLUMNS = {
  ready: { name: 'Ready', type: 'string', jsonPath: condition('status'), description: 'Whether all of it works.' },
  routes: { name: 'Routes', type: 'integer', jsonPath: '.status.routes.total', description: 'Number of routes.' },
  age: { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'Time since its creation.' },
  reason: {
    name: 'Reason',
    type: 'string',
    jsonPath: condition('reason'),
    description: 'Why it is (not) ready.',
    priority: 1,
  },
} as const satisfies Record<string, PrinterColumn>;

const KINDS = {
  MqttBridgeConnector: {
    plural: 'mqttbridgeconnectors',
    shortName: 'mbc',
    status: connectorStatusSchema,
    columns: [
      COMMON_COLUMNS.ready,
      column('Remote', 'string', '.spec.remoteBrokerConnection.endpoint', 'Address of the remote broker.'),
      COMMON_COLUMNS.routes,
      column('Instances', 'integer', '.spec.bridgeInstances', 'Number of instances that are wanted.'),
      column('Status', 'string', '.status.configStatusLevel', 'How the configuration was taken.'),
      COMMON_COLUMNS.age,
      wide('Local', 'string', '.spec.localBrokerConnection.endpoint', 'Address of the local broker.'),
      wide('Protocol', 'string', '.spec.protocol', 'MQTT version of both sides.'),
      wide('Backlog', 'integer', '.status.backlog', 'Messages received and not yet passed on.'),
      COMMON_COLUMNS.reason,
    ],
  },
  MqttBridgeTopicMap: {
    plural: 'mqttbridgetopicmaps',
    shortName: 'mbtm',
    status: topicMapStatusSchema,
    columns: [
      column('Connector', 'string', '.spec.mqttBridgeConnectorRef', 'Connector of the routes.'),
      COMMON_COLUMNS.routes,
      COMMON_COLUMNS.ready,
      COMMON_COLUMNS.age,
      COMMON_COLUMNS.reason,
    ],
  },
} as const satisfies Record<
  ResourceKind,
  { plural: string; shortName: string; status: z.ZodType; columns: readonly PrinterColumn[] }
>;

function condition(field: 'status' | 'reason'): string {
  return `.status.conditions[?(@.type=="Ready")].${field}`;
}

function column(name: string, type: PrinterColumn['type'], jsonPath: string, description: string): PrinterColumn {
  return { name, type, jsonPath, description };
}

function wide(...[name, type, jsonPath, description]: Parameters<typeof column>): PrinterColumn {
  return { ...column(name, type, jsonPath, description), priority: 1 };
}

function schemaOf(kind: ResourceKind): StructuralSchema {
  const { description, properties = {} } = jsonSchemaFor(kind);
  const status = z.toJSONSchema(KINDS[kind].status, { io: 'input' }) as JsonSchema;
  const text = (about: string) => ({ description: about, type: 'string' });
  return {
    ...(description !== undefined && { description }),
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: text('API group and version.'),
      kind: text('Kind of the resource.'),
      // The API server knows the fields of metadata, and allows nothing to be said about them here.
      metadata: { type: 'object' },
      spec: structuralSchema(properties.spec ?? {}, (path) => specAdditions(kind, path), 'spec'),
      status: structuralSchema(status, (path) => LISTS[path] ?? {}, 'status'),
    },
  };
}

const TOPIC = { maxLength: MAX_TOPIC_LENGTH };
const ENDPOINT = { maxLength: MAX_ENDPOINT_LENGTH };
const mapBy = (key: string): Partial<StructuralSchema> => ({
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': [key],
});

/** Bounds that keep the rules within what the API server lets them cost. */
const BOUNDS: Readonly<Record<string, Partial<StructuralSchema>>> = {
  'spec.localBrokerConnection.endpoint': ENDPOINT,
  'spec.remoteBrokerConnection.endpoint': ENDPOINT,
  'spec.routes[].source': TOPIC,
  'spec.routes[].target': TOPIC,
  'spec.routes[].deadLetterTopic': TOPIC,
  'spec.routes[].sharedSubscription.groupName': TOPIC,
  'spec.routes[].excludes[]': { minLength: 1, ...TOPIC, pattern: FILTER_PATTERN },
  'spec.routes': { maxItems: MAX_ROUTES },
};

/** Server-side apply merges these lists by key; an atomic one has one owner. */
const LISTS: Readonly<Record<string, Partial<StructuralSchema>>> = {
  'spec.routes': mapBy('name'),
  'spec.routes[].excludes': { 'x-kubernetes-list-type': 'atomic' },
  'status.conditions': mapBy('type'),
  'status.instances': mapBy('instance'),
  'status.instances[].conditions': mapBy('type'),
  'status.instances[].unready': { 'x-kubernetes-list-type': 'atomic' },
};

function specAdditions(kind: ResourceKind, path: string): Partial<StructuralSchema> {
  const rules = ADMISSION_RULES.filter((rule) => rule.kind === kind && rule.path === path);
  const validations = rules.map(({ id, expression, message }) => ({ rule: expression, message: `${id} ${message}` }));
  return {
    ...BOUNDS[path],
    ...LISTS[path],
    ...(validations.length > 0 && { 'x-kubernetes-validations': validations }),
  };
}
