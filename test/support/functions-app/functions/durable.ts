import { app, type HttpRequest } from '@azure/functions';
import * as df from 'durable-functions';
import type { ActivityHandler, OrchestrationContext, OrchestrationHandler } from 'durable-functions';

const double: ActivityHandler = (input: number) => input * 2;
df.app.activity('double', { handler: double });
df.app.activity('failing', {
  handler: (input: string) => {
    throw new Error(`cannot ${input}`);
  },
});

const twice: OrchestrationHandler = function* (context: OrchestrationContext) {
  return yield context.df.callActivity('double', context.df.getInput());
};
df.app.orchestration('twice', twice);
df.app.entity('counter', () => undefined);

app.http('startTwice', {
  authLevel: 'anonymous',
  methods: ['POST'],
  route: 'twice/{id}',
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context) => {
    const input: unknown = await request.json();
    const client = df.getClient(context);
    const instance = await client.startNew('twice', { instanceId: request.params['id'] ?? '', input });
    return { status: 202, jsonBody: { instance, links: client.createHttpManagementPayload(instance) } };
  },
});
