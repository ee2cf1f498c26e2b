import { z } from 'zod';

/** Shortest and longest time between two reports of an agent, in seconds. */
export const REPORT_INTERVAL_SECONDS = { min: 1, max: 3600, default: 30 } as const;

/** Lists in a report end here; what was left out is counted in `omitted`. */
export const REPORT_LIMITS = { sessions: 500, routes: 1000, problems: 50 } as const;

const count = z.int().nonnegative();
const time = z.iso.datetime();
const side = z.enum(['local', 'remote']);
const text = (longest: number) => z.string().max(longest);

/** Why something does not work, in the words of the agent. */
export const faultSchema = z.object({
  /** CamelCase constant, such as `QuotaExceeded`, `NotAuthorized`, `TlsVerifyFailed`. */
  reason: text(64),
  message: text(1000),
  fix: text(1000).optional(),
  reasonCode: count.optional(),
});

const problem = z.object({
  rule: text(16),
  severity: z.enum(['error', 'warning']),
  file: text(500),
  line: count,
  column: count,
  path: text(500),
  message: text(1000),
  advice: text(1000),
});

const session = z.object({
  key: text(500),
  side,
  clientId: text(256),
  endpoint: text(300),
  state: z.enum(['idle', 'connecting', 'connected', 'waiting', 'stopped']),
  since: time,
  fault: faultSchema.optional(),
  clientIdConflict: faultSchema.optional(),
});

const route = z.object({
  topicMap: text(253),
  route: text(253),
  direction: z.enum(['local-to-remote', 'remote-to-local']),
  lanes: z.object({ total: count, ready: count }),
  fault: faultSchema.optional(),
  refusal: faultSchema.optional(),
  received: count,
  forwarded: count,
  dropped: z.record(text(64), count),
  inflight: count,
});

const credential = z.object({
  side,
  kind: z.enum(['certificate', 'token']),
  /** Secret of a certificate, authentication method of a token. */
  name: text(253),
  /** Seconds since 1970, UTC. */
  expiresAt: z.number(),
  rejected: text(1000).optional(),
});

/**
 * What an agent tells the control plane once per interval. Unknown fields are ignored, so that a newer agent can
 * report to an older control plane.
 */
export const agentReportSchema = z
  .object({
    apiVersion: z.literal('mqttbridge/v1'),
    kind: z.literal('AgentReport'),
    /** Random name of this run of the process. */
    run: z.uuid(),
    /** By the clock of the agent: only compared with other runs of the same instance. */
    startedAt: time,
    /** Counts the reports of this run from 1; an older report never replaces a newer one. */
    sequence: z.int().positive(),
    /** `tag` of the last answer to this run; absent in the first report. */
    tag: text(200).optional(),
    version: text(64),
    /** What the agent waits between two reports now. */
    intervalSeconds: z.number().min(0).max(REPORT_INTERVAL_SECONDS.max),
    /** Whether anything but counters differs from the last report that was answered. */
    changed: z.boolean(),
    document: z.object({
      /** Revision of the control plane that runs now; absent before the first. */
      revision: text(64).optional(),
      appliedAt: time.optional(),
      /** Revision that was received and not taken, with the reason; absent once a newer one was applied. */
      rejected: z
        .object({ revision: text(64), at: time, problems: z.array(problem).max(REPORT_LIMITS.problems) })
        .optional(),
    }),
    ready: z.boolean(),
    sessions: z.array(session).max(REPORT_LIMITS.sessions),
    routes: z.array(route).max(REPORT_LIMITS.routes),
    credentials: z.array(credential).max(100),
    instances: z
      .object({
        standing: z.enum(['apart', 'joined', 'blind']),
        slots: z.array(count).max(1000),
        total: count,
        fault: faultSchema.optional(),
      })
      .optional(),
    omitted: z.object({ sessions: count, routes: count }).optional(),
  })
  .meta({ id: 'AgentReport', description: 'State of one agent.' });

/** What the agent is to run. */
const desired = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('current') }).meta({ description: 'The reported revision is the newest.' }),
  z
    .object({
      kind: z.literal('document'),
      revision: z.string(),
      /** The connector and all of its topic maps, as they were defined. */
      resources: z.array(z.record(z.string(), z.unknown())),
    })
    .meta({ description: 'A newer document; it replaces the whole of the old one.' }),
  z.object({ kind: z.literal('undefined') }).meta({ description: 'There is no such connector.' }),
]);

/** Answer to a report. */
export const reportAnswerSchema = z
  .object({
    /** Clock of the control plane; an agent never needs its own. */
    serverTime: time,
    /** How long to wait for the next report; the agent adds jitter of at most a tenth. */
    intervalSeconds: z.number().min(REPORT_INTERVAL_SECONDS.min).max(REPORT_INTERVAL_SECONDS.max),
    /** To be sent with the next report. */
    tag: z.string(),
    /** Another process that started later reports under the same name; this report was not kept. */
    superseded: z.boolean().optional(),
    desired,
  })
  .meta({ id: 'ReportAnswer', description: 'What the agent is to run, and when to report again.' });

/** What an agent tells of itself. */
export type AgentReport = z.infer<typeof agentReportSchema>;

/** Answer to a report. */
export type ReportAnswer = z.infer<typeof reportAnswerSchema>;
