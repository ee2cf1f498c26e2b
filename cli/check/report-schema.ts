import { z } from 'zod';

const status = z.enum(['ok', 'warning', 'error', 'skipped']);

const findingSchema = z.strictObject({
  check: z.enum([
    'configuration',
    'loops',
    'host',
    'dns',
    'tcp',
    'credentials',
    'token',
    'tls',
    'connect',
    'namespace',
    'sessions',
    'instances',
    'subscribe',
    'publish',
    'queue',
    'clock',
  ]),
  /** Absent where it is about the connector as a whole. */
  side: z.enum(['local', 'remote']).optional(),
  /** `topicMap/route`, where it is about one route. */
  route: z.string().optional(),
  status,
  /** A constant of docs/operations.md, or the rule of a configuration problem; absent when ok. */
  reason: z.string().optional(),
  /** One sentence: what was found. */
  message: z.string(),
  /** What to do about it. */
  advice: z.string().optional(),
  /** What the verdict rests on; never a secret. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).optional(),
});

const countsSchema = z.strictObject({ ok: z.int(), warning: z.int(), error: z.int(), skipped: z.int() });

/** What `mqttbridge check -o json` prints; stable within its version. */
export const checkReportSchema = z.strictObject({
  apiVersion: z.literal('mqttbridge/v1'),
  kind: z.literal('CheckResult'),
  time: z.iso.datetime(),
  /** The worst of all findings; `skipped` counts as ok. */
  status: z.enum(['ok', 'warning', 'error']),
  counts: countsSchema,
  /** About the files as they were read. */
  configuration: z.array(findingSchema),
  connectors: z.array(
    z.strictObject({
      name: z.string(),
      namespace: z.string().optional(),
      status: z.enum(['ok', 'warning', 'error']),
      findings: z.array(findingSchema),
    }),
  ),
});

/** How one check ended. */
export type CheckStatus = z.infer<typeof status>;
/** One thing that was found, about a side of a connector or about all of it. */
export type Finding = Readonly<z.infer<typeof findingSchema>>;
export type CheckName = Finding['check'];
export type CheckReport = Readonly<z.infer<typeof checkReportSchema>>;
