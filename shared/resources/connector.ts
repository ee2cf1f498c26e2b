import { z } from 'zod';
import { parseEndpoint } from '../endpoint.ts';
import { localAuthenticationSchema, remoteAuthenticationSchema } from './authentication.ts';
import { envelope, objectName } from './metadata.ts';

/** Unacknowledged messages per session in either direction, unless the connector says otherwise. */
const DEFAULT_MAX_INFLIGHT_MESSAGES = 100;

/** Where the original product's local broker listens by default: without TLS, although its default deployment has TLS. */
const DEFAULT_LOCAL_ENDPOINT = 'aio-mq-dmqtt-frontend:1883';

const MIB = 1024 * 1024;

const endpoint = z.string().superRefine((text, context) => {
  const parsed = parseEndpoint(text);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.fault, params: { rule: 'BC005' } });
});

const transport = z.enum(['mqtt', 'webSocket']);

const trustedCaCertificateConfigMap = objectName().optional().meta({
  description:
    'ConfigMap with the CA certificates to trust, in PEM; without it the trust store of the operating system.',
});

const imageSchema = z
  .strictObject({
    repository: z.string().min(1).meta({ description: 'Image repository.' }),
    tag: z.string().min(1).meta({ description: 'Image tag.' }),
    pullPolicy: z.string().optional().meta({ description: 'Kubernetes image pull policy.' }),
    pullSecrets: z.string().optional().meta({ description: 'Name of one image pull secret.' }),
  })
  .optional()
  .meta({ description: 'Container image of the agent; used by the operator only. The original requires it.' });

const nodeTolerationsSchema = z
  .strictObject({
    effect: z.string().meta({ description: 'Taint effect.' }),
    key: z.string().meta({ description: 'Taint key.' }),
    operator: z.string().meta({ description: 'Relation of key and value.' }),
    value: z.string().meta({ description: 'Taint value.' }),
  })
  .optional()
  .meta({ description: 'One toleration of the agent pods; used by the operator only.' });

const sessionSchema = z
  .strictObject({
    expirySeconds: z.int().min(0).max(4_294_967_295).default(3600).meta({
      description:
        'How long the brokers keep a session, and with it unacknowledged messages, after the connection ended. In seconds.',
    }),
    keepAliveSeconds: z.int().min(5).max(65_535).default(60).meta({
      description:
        'Longest silence before a ping, in seconds. The broker may lower it; below 5 a busy network looks dead.',
    }),
    maxInflightMessages: z.int().min(1).max(65_535).default(DEFAULT_MAX_INFLIGHT_MESSAGES).meta({
      description: 'Messages without acknowledgement per session; the target broker may lower it.',
    }),
    maxInflightBytes: z
      .int()
      .min(1024)
      .max(1024 * MIB)
      .default(4 * MIB)
      .meta({
        description: 'Bytes without acknowledgement per session; one larger message still passes alone.',
      }),
    maxPacketBytes: z
      .int()
      .min(1024)
      .max(268_435_455)
      .default(16 * MIB)
      .meta({
        description: 'Largest packet accepted from a broker, in bytes.',
      }),
  })
  .prefault({})
  .meta({ description: 'Life and limits of the MQTT sessions.' });

const localBrokerSchema = z
  .strictObject({
    endpoint: endpoint.default(DEFAULT_LOCAL_ENDPOINT).meta({ description: 'Address of the local broker, host:port.' }),
    protocol: transport.default('mqtt').meta({ description: 'MQTT over TCP, or over WebSocket at path /mqtt.' }),
    tls: z
      .strictObject({
        tlsEnabled: z.boolean().default(false).meta({ description: 'Whether the connection is encrypted.' }),
        trustedCaCertificateConfigMap,
      })
      .prefault({})
      .meta({ description: 'Encryption of the connection.' }),
    authentication: localAuthenticationSchema,
  })
  .prefault({})
  .meta({ description: 'Connection to the broker at the edge.' });

const remoteBrokerSchema = z
  .strictObject({
    endpoint: endpoint.meta({ description: 'Address of the remote broker, host:port.' }),
    protocol: transport.default('mqtt').meta({ description: 'MQTT over TCP, or over WebSocket at path /mqtt.' }),
    tls: z
      .strictObject({
        tlsEnabled: z.boolean().meta({ description: 'Whether the connection is encrypted.' }),
        trustedCaCertificateConfigMap,
      })
      .meta({ description: 'Encryption of the connection.' }),
    authentication: remoteAuthenticationSchema,
    profile: z.enum(['eventgrid', 'generic']).optional().meta({
      description:
        'Limits to keep to: those of Azure Event Grid, or only those the broker states itself. Default: by the host name; name it where Event Grid has a custom domain.',
    }),
  })
  .meta({ description: 'Connection to the remote broker.' });

const specSchema = z.strictObject({
  image: imageSchema,
  protocol: z.enum(['v5', 'v3']).default('v5').meta({
    description:
      'MQTT 5 or MQTT 3.1.1, on both sides. 3.1.1 has no shared subscriptions, properties or loop guard. The original requires the field.',
  }),
  bridgeInstances: z.int().min(0).max(65_535).default(1).meta({
    description: 'Number of slots the routes are spread over; as many agents can share the work. 0 runs nothing.',
  }),
  clientIdPrefix: z
    .string()
    .max(100)
    .refine((text) => !text.includes('\0') && text.isWellFormed(), 'must be valid UTF-8 without NUL')
    .default('')
    .meta({
      description: 'Put in front of every client ID, with one hyphen between; empty for none.',
    }),
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .meta({ description: 'How much the agent logs.' }),
  nodeTolerations: nodeTolerationsSchema,
  session: sessionSchema,
  maxHops: z.int().min(0).max(16).default(4).meta({
    description:
      'How many bridges of this kind a message may pass, counted in a user property (MQTT 5). 0 neither marks nor checks.',
  }),
  remoteSessions: z.enum(['perInstance', 'perRoute']).optional().meta({
    description:
      'One remote session per instance or per route. Default: perInstance with a managed identity, else perRoute.',
  }),
  localBrokerConnection: localBrokerSchema,
  remoteBrokerConnection: remoteBrokerSchema,
});

/** MqttBridgeConnector: two brokers and how to reach them. Strict; defaults are applied by parsing. */
export const connectorSchema = z
  .strictObject({
    ...envelope('MqttBridgeConnector'),
    spec: specSchema.meta({ description: 'The two brokers and how to reach them.' }),
  })
  .meta({ title: 'MqttBridgeConnector', description: 'Two MQTT brokers to be bridged and how to reach them.' });

/** A connector with defaults applied. */
export type Connector = z.output<typeof connectorSchema>;
/** A connector as its author writes it. */
export type ConnectorInput = z.input<typeof connectorSchema>;
/** Limits of every session of a connector. */
export type SessionLimits = Connector['spec']['session'];

/** Whether remote sessions belong to instances or to routes, default resolved. */
export function remoteSessionsOf(connector: Connector): 'perInstance' | 'perRoute' {
  const { remoteSessions, remoteBrokerConnection } = connector.spec;
  if (remoteSessions !== undefined) return remoteSessions;
  return remoteBrokerConnection.authentication.systemAssignedManagedIdentity === undefined ? 'perRoute' : 'perInstance';
}
