import { z } from 'zod';

/** Version of the document at `/status`; it changes when a field is renamed, removed or given another meaning. */
const STATUS_API_VERSION = 'mqttbridge/v1';

const count = z.int().nonnegative();
const counts = z.record(z.string(), count);
const time = z.iso.datetime();
const side = z.enum(['local', 'remote']);

const problem = z.strictObject({
  rule: z.string(),
  severity: z.enum(['error', 'warning']),
  file: z.string(),
  line: count,
  column: count,
  path: z.string(),
  message: z.string(),
  advice: z.string(),
});

const config = z.strictObject({
  revision: z.string().optional(),
  appliedAt: time.optional(),
  generation: count,
  rejectedTotal: count,
  rejected: z.strictObject({ revision: z.string(), at: time, problems: z.array(problem) }).optional(),
});

const fault = z.strictObject({
  reason: z.string(),
  message: z.string(),
  /** Command or setting that mends it. */
  fix: z.string().optional(),
  reasonCode: count.optional(),
});

const correspondent = {
  url: z.string(),
  up: z.boolean(),
  since: time,
  documentFrom: z.enum(['controlPlane', 'apiServer', 'disk']).optional(),
  fault: fault.optional(),
};

/** As in Kubernetes; one that names trouble is only there while it is true. */
const condition = fault.extend({
  type: z.enum(['ClientIdConflict']),
  status: z.enum(['True']),
  sessions: z.array(z.string()),
});

const session = z.strictObject({
  key: z.string(),
  side,
  clientId: z.string(),
  endpoint: z.string(),
  state: z.enum(['idle', 'connecting', 'connected', 'waiting', 'stopped']),
  since: time,
  epoch: count,
  fault: fault.optional(),
  clientIdConflict: fault.optional(),
  retryAt: time.optional(),
  limits: z
    .strictObject({
      receiveMaximum: count,
      maximumPacketSize: count,
      maximumQos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
      retainAvailable: z.boolean(),
      maximumTopicBytes: count,
      maximumTopicLevels: count,
      zeroExpiryIsNever: z.boolean(),
      topicAliasMaximum: count,
      keepAlive: count,
      sessionExpiry: count.optional(),
    })
    .optional(),
  inflightMessages: count,
  inflightBytes: count,
  waitingMessages: count,
  oldestSeconds: z.number().nonnegative(),
  windowMessages: count,
  windowBytes: count,
  publishRate: z
    .strictObject({
      usedMessages: count,
      allowedMessages: count,
      usedBytes: count,
      allowedBytes: count,
      throttled: count,
    })
    .optional(),
  connects: counts,
  disconnects: counts,
  sessionLost: count,
  strayAcks: count,
});

const route = z.strictObject({
  topicMap: z.string(),
  route: z.string(),
  direction: z.enum(['local-to-remote', 'remote-to-local']),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  source: z.string(),
  target: z.string().optional(),
  lanes: z.strictObject({ total: count, ready: count }),
  fault: fault.optional(),
  refusal: fault.optional(),
  counters: z.strictObject({
    received: count,
    receivedBytes: count,
    forwarded: count,
    forwardedBytes: count,
    dropped: counts,
    inflight: count,
    redelivered: count,
    retried: counts,
    qosLowered: count,
    retainCleared: count,
    latency: z.strictObject({ bounds: z.array(z.number()), counts: z.array(count), sum: z.number() }),
  }),
});

/** The document at `/status`: stable, versioned, without secrets, payloads or message topics. */
export const statusSchema = z.strictObject({
  apiVersion: z.literal(STATUS_API_VERSION),
  kind: z.literal('AgentStatus'),
  connector: z.string(),
  version: z.string(),
  startedAt: time,
  ready: z.boolean(),
  checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
  conditions: z.array(condition),
  config,
  sessions: z.array(session),
  routes: z.array(route),
  certificates: z.array(
    z.strictObject({
      side,
      secret: z.string(),
      notAfter: z.number(),
      daysLeft: z.number(),
      rejected: z.string().optional(),
    }),
  ),
  instances: z
    .strictObject({
      instance: count,
      standing: z.enum(['apart', 'joined', 'blind']),
      slots: z.array(count),
      total: count,
      peers: z.array(
        z.strictObject({
          instance: count,
          slots: z.array(count),
          alive: z.boolean(),
          silentSeconds: z.number(),
          agrees: z.boolean(),
        }),
      ),
      adoptions: count,
      fault: fault.optional(),
    })
    .optional(),
  /** Only where the configuration comes from a control plane. */
  controlPlane: z
    .strictObject({
      ...correspondent,
      site: z.string(),
      intervalSeconds: z.number(),
      revision: z.string().optional(),
      answeredAt: time.optional(),
      clockOffsetSeconds: z.number().optional(),
      reports: counts,
    })
    .optional(),
  /** Only where the configuration comes from an API server. */
  apiServer: z
    .strictObject({ ...correspondent, namespace: z.string(), generation: count.optional(), statusWrites: counts })
    .optional(),
  tokens: z.array(
    z.strictObject({
      side,
      method: z.string(),
      expiresAt: z.number(),
      minutesLeft: z.number(),
      objectId: z.string().optional(),
      rejected: z.string().optional(),
    }),
  ),
  /** How many entries were left out because the lists are bounded. */
  omitted: z.strictObject({ sessions: count, routes: count, problems: count }),
});

/** What `/status` answers. */
export type AgentStatus = z.infer<typeof statusSchema>;
