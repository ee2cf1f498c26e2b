import { z } from 'zod';

const apiVersion = z.literal('mqttbridge/v1');
const time = z.iso.datetime();

/**
 * `Healthy`: all of it works. `Degraded`: messages flow, something does not. `Unhealthy`: no messages flow.
 * `Stale`: it worked and is silent now. `Unknown`: it never reported, or nothing is defined.
 */
export const verdictSchema = z.enum(['Healthy', 'Degraded', 'Unhealthy', 'Stale', 'Unknown']);

/** How something is. */
export type Verdict = z.infer<typeof verdictSchema>;

/** Why a verdict is not Healthy; the constants are those of agent and command line, and HEALTH_REASONS. */
export const reasonSchema = z.object({
  reason: z.string(),
  message: z.string(),
  fix: z.string().optional(),
  instance: z.string().optional(),
  /** `topicMap/route`. */
  route: z.string().optional(),
  side: z.enum(['local', 'remote']).optional(),
});

const judged = { verdict: verdictSchema, since: time, reasons: z.array(reasonSchema) };

const instanceHealth = z.object({
  instance: z.string(),
  ...judged,
  /** When the control plane received its last report; absent when there was none. */
  reportedAt: time.optional(),
  version: z.string().optional(),
  revision: z.string().optional(),
});

const routeHealth = z.object({
  topicMap: z.string(),
  route: z.string(),
  direction: z.enum(['local-to-remote', 'remote-to-local']),
  ...judged,
  /** Sums over the instances that report now, since each of them started. */
  received: z.int().nonnegative(),
  forwarded: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
});

/** One entry of a time line. */
export const eventSchema = z
  .object({
    /** Unique within the site and the same when the same thing is found out twice. */
    id: z.string(),
    at: time,
    type: z.enum([
      'VerdictChanged',
      'InstanceChanged',
      'RouteChanged',
      'RevisionApplied',
      'RevisionRejected',
      'DefinitionChanged',
      'SessionConnected',
      'SessionDisconnected',
      'AlertFailed',
    ]),
    connector: z.string().optional(),
    instance: z.string().optional(),
    /** `topicMap/route`. */
    route: z.string().optional(),
    /** Client ID at Event Grid. */
    session: z.string().optional(),
    from: z.string().optional(),
    to: z.string().optional(),
    reasons: z.array(reasonSchema),
  })
  .meta({ id: 'Event', description: 'Something that happened to a connector.' });

/** Health of one connector. */
export const connectorHealthSchema = z
  .object({
    apiVersion,
    kind: z.literal('ConnectorHealth'),
    site: z.string(),
    connector: z.string(),
    ...judged,
    /** Absent before the first judgement. */
    judgedAt: time.optional(),
    desiredRevision: z.string().optional(),
    instances: z.array(instanceHealth),
    routes: z.array(routeHealth),
    /** The newest transitions first; `events` has all of them. */
    timeline: z.array(eventSchema),
  })
  .meta({ id: 'ConnectorHealth' });

/** Health of a site: the worst of its connectors. */
export const siteHealthSchema = z
  .object({
    apiVersion,
    kind: z.literal('SiteHealth'),
    site: z.string(),
    ...judged,
    judgedAt: time.optional(),
    connectors: z.array(
      z.object({
        connector: z.string(),
        ...judged,
        instances: z.object({ wanted: z.int(), healthy: z.int() }),
        routes: z.object({ total: z.int(), healthy: z.int() }),
      }),
    ),
  })
  .meta({ id: 'SiteHealth' });

/** A page of events, newest first. */
export const eventListSchema = z
  .object({ apiVersion, kind: z.literal('EventList'), items: z.array(eventSchema), continue: z.string().optional() })
  .meta({ id: 'EventList' });

export type HealthReason = z.infer<typeof reasonSchema>;
export type HealthEvent = z.infer<typeof eventSchema>;
export type ConnectorHealth = z.infer<typeof connectorHealthSchema>;
export type SiteHealth = z.infer<typeof siteHealthSchema>;
export type EventList = z.infer<typeof eventListSchema>;
