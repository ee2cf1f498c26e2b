import { z } from 'zod';

/**
 * What the tools of the original product know as level of a configuration. They show Error and Failed as errors,
 * Starting, Recovering, warn and N/A as warnings and everything else as success.
 */
const CONFIG_STATUS_LEVELS = ['Running', 'OK', 'Starting', 'Recovering', 'warn', 'N/A', 'Error', 'Failed'] as const;

const count = (description: string) => z.int().nonnegative().optional().meta({ description });

const generation = (description: string) => z.int().nonnegative().optional().meta({ description });

/** metav1.Condition with the bounds that Kubernetes gives it. */
const conditionSchema = z.object({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
    )
    .meta({ description: 'What is true or not, such as Ready.' }),
  status: z.enum(['True', 'False', 'Unknown']).meta({ description: 'Whether it is so.' }),
  observedGeneration: generation('Generation of the resource that the condition is about.'),
  lastTransitionTime: z.string().meta({ format: 'date-time', description: 'When the status last changed.' }),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .meta({ description: 'Why it is so, as a constant in CamelCase.' }),
  message: z.string().max(32_768).meta({ description: 'Why it is so, as a sentence; may be empty.' }),
});

const conditions = (description: string) => z.array(conditionSchema).optional().meta({ description });

const routes = (description: string) =>
  z
    .object({
      total: count('Number of routes that are defined.'),
      ready: count('Number of routes that pass messages.'),
    })
    .optional()
    .meta({ description });

const configStatus = {
  observedGeneration: generation('Generation of the resource that this status is about.'),
  configStatusLevel: z
    .enum(CONFIG_STATUS_LEVELS)
    .optional()
    .meta({ description: 'How the configuration was taken, in the words of the original product.' }),
  configStatusDescription: z
    .string()
    .optional()
    .meta({ description: 'What is wrong with the configuration, or that nothing is.' }),
};

const unreadySchema = z.object({
  topicMap: z.string().max(253).meta({ description: 'Name of its topic map.' }),
  route: z.string().max(253).meta({ description: 'Name of the route.' }),
  reason: z.string().max(64).meta({ description: 'Why, as a constant in CamelCase.' }),
  message: z.string().max(1_000).meta({ description: 'Why, as a sentence.' }),
});

const instanceSchema = z.object({
  instance: z.string().min(1).max(63).meta({ description: 'Number of the instance, as the name of its pod ends.' }),
  version: z.string().optional().meta({ description: 'Version of the agent.' }),
  observedGeneration: generation('Generation of the connector that the instance runs.'),
  revision: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'Hash of the connector and the topic maps that it runs.' }),
  backlog: count('Messages that the instance has received and not yet passed on.'),
  routes: routes('Routes that the instance runs.'),
  unready: z
    .array(unreadySchema)
    .max(100)
    .optional()
    .meta({ description: 'Routes of the instance that do not pass messages, and why; the first 100.' }),
  conditions: conditions('Accepted, LocalConnected, RemoteConnected, CredentialsValid and Ready of this instance.'),
});

/** Status of an MqttBridgeConnector: instances are written by the agents, the rest by the operator. */
export const connectorStatusSchema = z
  .object({
    ...configStatus,
    conditions: conditions('Accepted, LocalConnected, RemoteConnected, CredentialsValid and Ready.'),
    instances: z.array(instanceSchema).optional().meta({ description: 'What each agent says of itself.' }),
    routes: routes('Routes of all topic maps of the connector.'),
    backlog: count('Messages that all instances have received and not yet passed on.'),
  })
  .meta({ description: 'How the connector is, written by operator and agents.' });

/** Status of an MqttBridgeTopicMap, written by the operator. */
export const topicMapStatusSchema = z
  .object({
    ...configStatus,
    conditions: conditions('Accepted, ConnectorResolved, Programmed and Ready.'),
    routes: routes('Routes of the topic map.'),
  })
  .meta({ description: 'How the topic map is, written by the operator.' });

/** A metav1.Condition. */
export type StatusCondition = z.output<typeof conditionSchema>;

/** What one agent says of itself. */
export type InstanceStatus = z.output<typeof instanceSchema>;

/** The status of a connector. */
export type ConnectorStatus = z.output<typeof connectorStatusSchema>;

/** The status of a topic map. */
export type TopicMapStatus = z.output<typeof topicMapStatusSchema>;
