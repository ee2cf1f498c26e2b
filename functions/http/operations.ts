import { z } from 'zod';
import { accessOperations } from './access-operations.ts';
import type { Handler, Operation } from './contract.ts';
import { healthOperations } from './health-operations.ts';
import { openApiOperation } from './openapi-operation.ts';
import { reportOperations } from './report-operations.ts';
import { resourceOperations } from './resource-operations.ts';
import { siteOperations } from './site-operations.ts';

const live: Handler = async () => ({ status: 200, body: { json: { status: 'live' } } });

const liveOperation: Operation = {
  id: 'live',
  method: 'GET',
  path: 'live',
  summary: 'Says that the app runs; needs nothing that is configured.',
  role: 'liveness',
  responses: { 200: { description: 'It runs.', schema: z.object({ status: z.literal('live') }) } },
  handler: live,
};

/** Every operation of the HTTP API: what is served, and what openapi.json describes. */
export const operations: readonly Operation[] = [
  liveOperation,
  openApiOperation(() => operations),
  ...siteOperations,
  ...resourceOperations('connectors'),
  ...resourceOperations('topicmaps'),
  ...healthOperations,
  ...accessOperations,
  ...reportOperations,
];
