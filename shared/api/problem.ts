import { z } from 'zod';

/** Media type of every error answer (RFC 9457). */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** One thing that is wrong with a request, placed where its author can see it. */
const problemItem = z.object({
  /** Path inside the resource (`spec.routes[1].target`) or the request (`query.limit`, `header.If-Match`). */
  path: z.string(),
  /** Rule id of the reference, such as `TM004`; for a request itself a CamelCase constant. */
  rule: z.string(),
  message: z.string(),
  severity: z.enum(['error', 'warning']).optional(),
  /** What to do about it. */
  advice: z.string().optional(),
  /** Which document of the body: `kind/name`, or its number counted from 1. */
  document: z.string().optional(),
  /** 1-based place in the text that was sent. */
  line: z.int().positive().optional(),
  column: z.int().positive().optional(),
});

/** Body of every error answer (RFC 9457). */
export const problemSchema = z
  .object({
    /** Names the kind of error and never changes: `urn:mqttbridge:problem:stale-etag`. */
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().optional(),
    errors: z.array(problemItem).optional(),
  })
  .meta({ id: 'Problem', description: 'What is wrong, as RFC 9457 says it.' });

/** One thing that is wrong with a request. */
export type ProblemItem = z.infer<typeof problemItem>;

/** Body of an error answer. */
export type ProblemDocument = z.infer<typeof problemSchema>;
