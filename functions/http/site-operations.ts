import { z } from 'zod';
import { resourceName } from '../../shared/api/names.ts';
import { problemSchema } from '../../shared/api/problem.ts';
import {
  applyResultSchema,
  diffResultSchema,
  explainResultSchema,
  siteListSchema,
  validationResultSchema,
} from '../../shared/api/resources.ts';
import { connectorSchema } from '../../shared/resources/connector.ts';
import { topicMapSchema } from '../../shared/resources/topic-map.ts';
import type { Operation, ResponseDoc } from './contract.ts';
import { RESOURCE_BODY_TYPES } from './media-type.ts';
import { flagParameter, lazily, pageParameters } from './operation-parts.ts';

/** Topics of one question. */
const MAX_TOPICS = 20;

const invalid: ResponseDoc = {
  description: 'The site would break rules with these documents; nothing is changed.',
  schema: problemSchema,
};
const notFound: ResponseDoc = { description: 'There is none.', schema: problemSchema };
const resource = z.union([connectorSchema, topicMapSchema]);
const documents: NonNullable<Operation['requestBody']> = {
  mediaTypes: RESOURCE_BODY_TYPES,
  schema: z.union([resource, z.array(resource), z.object({ kind: z.literal('List'), items: z.array(resource) })]),
  description: 'Resources: in YAML several documents, in JSON one, an array or a List; at most 1,000.',
};

/** Operations on whole sites. */
export const siteOperations: readonly Operation[] = [
  {
    id: 'listSites',
    method: 'GET',
    path: 'sites',
    summary: 'Lists all sites by name; for callers that are not confined to one.',
    role: 'Bridge.Read',
    parameters: pageParameters(z.string().regex(/^[\w-]{1,2048}$/)),
    responses: { 200: { description: 'A page.', schema: siteListSchema } },
    handler: lazily(async () => (await import('./sites.ts')).listSites),
  },
  {
    id: 'deleteSite',
    method: 'DELETE',
    path: 'sites/{site}',
    summary: 'Forgets a site: definitions, reports, health and grants.',
    role: 'Bridge.Admin',
    responses: { 204: { description: 'It is gone.' }, 404: notFound },
    handler: lazily(async () => (await import('./sites.ts')).deleteSite),
  },
  {
    id: 'apply',
    method: 'POST',
    path: 'sites/{site}/apply',
    summary: 'Creates and replaces resources, all or none.',
    role: 'Bridge.Write',
    parameters: [flagParameter('dryRun', 'Says what would happen, and changes nothing.')],
    requestBody: documents,
    responses: { 200: { description: 'What became of each.', schema: applyResultSchema }, 422: invalid },
    handler: lazily(async () => (await import('./apply.ts')).apply),
  },
  {
    id: 'validate',
    method: 'POST',
    path: 'sites/{site}/validate',
    summary: 'Checks resources together with those of the site; changes nothing.',
    role: 'Bridge.Read',
    requestBody: documents,
    responses: {
      200: { description: 'What is wrong with them, if anything.', schema: validationResultSchema },
      422: { description: 'The body holds no resource.', schema: problemSchema },
    },
    handler: lazily(async () => (await import('./apply.ts')).validate),
  },
  {
    id: 'diff',
    method: 'POST',
    path: 'sites/{site}/diff',
    summary: 'Says field by field what apply would change; changes nothing.',
    role: 'Bridge.Read',
    requestBody: documents,
    responses: { 200: { description: 'The differences.', schema: diffResultSchema }, 422: invalid },
    handler: lazily(async () => (await import('./apply.ts')).diff),
  },
  {
    id: 'explain',
    method: 'GET',
    path: 'sites/{site}/explain',
    summary: 'Says what the routes of a site do with messages of some topics.',
    role: 'Bridge.Read',
    parameters: [
      {
        name: 'topic',
        in: 'query',
        description: `A topic; may be repeated, ${MAX_TOPICS} in all.`,
        schema: z.array(z.string().min(1).max(65_535)).min(1).max(MAX_TOPICS),
        required: true,
      },
      {
        name: 'direction',
        in: 'query',
        description: 'Only routes of this direction.',
        schema: z.enum(['local-to-remote', 'remote-to-local']),
      },
      { name: 'connector', in: 'query', description: 'Only routes of this connector.', schema: resourceName },
    ],
    responses: { 200: { description: 'What each route does.', schema: explainResultSchema }, 404: notFound },
    handler: lazily(async () => (await import('./explain.ts')).explain),
  },
];
