import { problemSchema } from '../../shared/api/problem.ts';
import { agentReportSchema, reportAnswerSchema } from '../../shared/api/report.ts';
import type { Operation } from './contract.ts';
import { lazily } from './operation-parts.ts';

/** The one operation that agents need. */
export const reportOperations: readonly Operation[] = [
  {
    id: 'report',
    method: 'POST',
    path: 'sites/{site}/agents/{connector}/{instance}/report',
    summary: 'Takes the state of an agent, and says what it is to run and when to report again.',
    role: 'Bridge.Agent',
    requestBody: {
      mediaTypes: ['application/json'],
      schema: agentReportSchema,
      description: 'State of the agent; may be compressed by gzip.',
    },
    responses: {
      200: {
        description: 'What the agent is to run: with the document when it has not seen it.',
        schema: reportAnswerSchema,
      },
      422: { description: 'Fields of the report are not valid.', schema: problemSchema },
    },
    handler: lazily(async () => (await import('./report.ts')).takeReport),
  },
];
