import { z } from 'zod';
import { problemSchema } from './problem.ts';

const apiVersion = z.literal('mqttbridge/v1');
const kind = z.enum(['MqttBridgeConnector', 'MqttBridgeTopicMap']);
const resource = z.record(z.string(), z.unknown()).meta({ description: 'The resource as it was sent.' });
const finding = problemSchema.shape.errors.unwrap().element;

/** Answer to GET of a collection. */
export const resourceListSchema = z
  .object({
    apiVersion,
    kind: z.literal('ResourceList'),
    items: z.array(z.object({ name: z.string(), etag: z.string(), updatedAt: z.iso.datetime(), resource })),
    /** Give it back as `continue` for the next page; absent on the last one. */
    continue: z.string().optional(),
  })
  .meta({ id: 'ResourceList' });

/** Answer to `apply`: what became of each resource, in the order of the documents. */
export const applyResultSchema = z
  .object({
    apiVersion,
    kind: z.literal('ApplyResult'),
    /** Nothing was written. */
    dryRun: z.boolean(),
    results: z.array(
      z.object({
        kind,
        name: z.string(),
        outcome: z.enum(['created', 'configured', 'unchanged']),
        /** Absent in a dry run of a resource that would change. */
        etag: z.string().optional(),
      }),
    ),
    warnings: z.array(finding),
  })
  .meta({ id: 'ApplyResult' });

/** Answer to `validate`: 200 also when there are errors. */
export const validationResultSchema = z
  .object({ apiVersion, kind: z.literal('ValidationResult'), valid: z.boolean(), problems: z.array(finding) })
  .meta({ id: 'ValidationResult' });

/** Answer to `diff`. */
export const diffResultSchema = z
  .object({
    apiVersion,
    kind: z.literal('DiffResult'),
    results: z.array(
      z.object({
        kind,
        name: z.string(),
        outcome: z.enum(['created', 'configured', 'unchanged']),
        changes: z.array(z.object({ path: z.string(), before: z.unknown().optional(), after: z.unknown().optional() })),
        before: resource.optional(),
        after: resource,
      }),
    ),
  })
  .meta({ id: 'DiffResult' });

/** Answer to `GET /api/sites`. */
export const siteListSchema = z
  .object({
    apiVersion,
    kind: z.literal('SiteList'),
    items: z.array(z.object({ name: z.string() })),
    continue: z.string().optional(),
  })
  .meta({ id: 'SiteList' });

/** Answer to `explain`: what each route does with each topic. */
export const explainResultSchema = z
  .object({
    apiVersion,
    kind: z.literal('ExplainResult'),
    results: z.array(
      z.object({
        connector: z.string(),
        topic: z.string(),
        routes: z.array(
          z.object({
            topicMap: z.string(),
            route: z.string(),
            direction: z.enum(['local-to-remote', 'remote-to-local']),
            source: z.string(),
            /** Whether a message would be forwarded. */
            matched: z.boolean(),
            reason: z.string(),
            /** Where it goes; only when matched. */
            topic: z.string().optional(),
            qos: z.literal([0, 1, 2]),
            retain: z.enum(['Keep', 'Never']),
            lanes: z.array(z.object({ key: z.string(), slot: z.int(), source: z.string(), target: z.string() })),
            warnings: z.array(z.string()),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'ExplainResult' });

export type ResourceList = z.infer<typeof resourceListSchema>;
export type ApplyResult = z.infer<typeof applyResultSchema>;
export type ValidationResult = z.infer<typeof validationResultSchema>;
export type DiffResult = z.infer<typeof diffResultSchema>;
export type SiteList = z.infer<typeof siteListSchema>;
export type ExplainResult = z.infer<typeof explainResultSchema>;
