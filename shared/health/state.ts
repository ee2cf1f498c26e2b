import { z } from 'zod';
import { eventSchema, reasonSchema, verdictSchema } from '../api/health.ts';

const STATE_VERSION = 1;

/** Milliseconds since 1970, UTC, by the clock of the control plane. */
const at = z.number();
const count = z.int().nonnegative();

/** A verdict, and what is needed to let it change calmly. */
const track = z.object({
  verdict: verdictSchema,
  since: at,
  reasons: z.array(reasonSchema),
  /** It has been better since, at worst so. */
  better: z.object({ since: at, verdict: verdictSchema }).optional(),
  /** How often it got worse without an hour of quiet, and when last. */
  setbacks: z.object({ count, at }).optional(),
});

const instance = track.extend({
  /** When the last report came. */
  heardAt: at,
  run: z.string(),
  sequence: count,
  /** Since when something is not ready yet, though nothing failed. */
  openSince: at.optional(),
  /** What it is allowed to be silent for. */
  patienceMs: z.number(),
  version: z.string(),
  revision: z.string().optional(),
  /** The newest revision it refused. */
  rejected: z.string().optional(),
});

const route = track.extend({ direction: z.enum(['local-to-remote', 'remote-to-local']) });

const connector = track.extend({
  /** Absent while it is not defined. */
  desired: z.object({ revision: z.string(), instances: count, since: at }).optional(),
  /** Numbers of instances, or `all`. */
  wanted: z.array(z.string()),
  instances: z.record(z.string(), instance),
  /** By `topicMap/route`. */
  routes: z.record(z.string(), route),
  /** The last verdict that the time line has; another one than the verdict only while the hour's entries are used up. */
  told: verdictSchema,
  /** A refused revision that was alerted. */
  alertedRejection: z.string().optional(),
  /** What was written to the time line in the hour that began then. */
  written: z.object({ since: at, verdicts: count, others: count }).optional(),
});

const alert = z.object({
  /** Counts the alerts of the site. */
  number: count,
  /** Stays the same when it is sent again. */
  id: z.string(),
  type: z.enum([
    'MqttBridge.Connector.Degraded',
    'MqttBridge.Connector.Recovered',
    'MqttBridge.Connector.Stale',
    'MqttBridge.Revision.Rejected',
  ]),
  at: z.iso.datetime(),
  connector: z.string(),
  verdict: verdictSchema,
  from: verdictSchema.optional(),
  revision: z.string().optional(),
  reasons: z.array(reasonSchema),
});

/** What one judgement of a site leaves for the next. */
export const healthStateSchema = z.strictObject({
  version: z.literal(STATE_VERSION),
  /** First judgement; events are numbered within it. */
  epoch: at,
  judgedAt: at,
  /** Events so far. */
  events: count,
  /** Alerts so far. */
  alerts: count,
  verdict: verdictSchema,
  since: at,
  connectors: z.record(z.string(), connector),
  /** Found out by the last judgement; written elsewhere only after the state, so they are kept here until then. */
  outbox: z.object({ events: z.array(eventSchema), alerts: z.array(alert) }),
});

const versionSchema = z.object({ version: z.literal(STATE_VERSION) });

/** What one judgement of a site leaves for the next; JSON. */
export type HealthState = z.infer<typeof healthStateSchema>;
export type Track = z.infer<typeof track>;
export type InstanceState = z.infer<typeof instance>;
export type RouteState = z.infer<typeof route>;
export type ConnectorState = z.infer<typeof connector>;

/** An alert to be raised. */
export type HealthAlert = z.infer<typeof alert>;

/**
 * Reads a stored state; undefined for one of another version, after which a judgement begins anew. What lies below the version is
 * our own writing and can be megabytes: it is not checked again with each judgement.
 */
export function readHealthState(stored: unknown): HealthState | undefined {
  return versionSchema.safeParse(stored).success ? (stored as HealthState) : undefined;
}
