import { z } from 'zod';
import { connectorHealthSchema, eventListSchema, siteHealthSchema } from '../../shared/api/health.ts';
import { resourceName } from '../../shared/api/names.ts';
import { problemSchema } from '../../shared/api/problem.ts';
import type { Operation, ResponseDoc } from './contract.ts';
import { lazily, pageParameters } from './operation-parts.ts';

const notFound: ResponseDoc = { description: 'There is no such site or connector.', schema: problemSchema };

/** Operations that tell how a site works. */
export const healthOperations: readonly Operation[] = [
  {
    id: 'siteHealth',
    method: 'GET',
    path: 'sites/{site}/health',
    summary: 'Says how the connectors of a site work, as last judged.',
    role: 'Bridge.Read',
    responses: { 200: { description: 'How they are.', schema: siteHealthSchema }, 404: notFound },
    handler: lazily(async () => (await import('./health.ts')).getSiteHealth),
  },
  {
    id: 'connectorHealth',
    method: 'GET',
    path: 'sites/{site}/connectors/{name}/health',
    summary: 'Says how a connector, its instances and its routes work, with the newest 100 entries of its time line.',
    role: 'Bridge.Read',
    responses: { 200: { description: 'How it is.', schema: connectorHealthSchema }, 404: notFound },
    handler: lazily(async () => (await import('./health.ts')).getConnectorHealth),
  },
  {
    id: 'listEvents',
    method: 'GET',
    path: 'sites/{site}/events',
    summary: 'Lists what happened at a site within 30 days, newest first.',
    role: 'Bridge.Read',
    parameters: [
      { name: 'connector', in: 'query', description: 'Only events of this connector.', schema: resourceName },
      { name: 'since', in: 'query', description: 'Only events at or after this time, UTC.', schema: z.iso.datetime() },
      ...pageParameters(z.string().regex(/^[\w-]{1,2048}$/)),
    ],
    responses: { 200: { description: 'A page.', schema: eventListSchema }, 404: notFound },
    handler: lazily(async () => (await import('./health.ts')).listEvents),
  },
];
