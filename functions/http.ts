import { app, type HttpMethod } from '@azure/functions';
import * as df from 'durable-functions';
import { rememberClient } from './durable/latest-trigger.ts';
import { functionNameOf } from './http/function-name.ts';
import { operations } from './http/operations.ts';
import { serve } from './http/serve.ts';
import { parts } from './wiring/main.ts';

// Every method: what a path does not allow is answered by the app, as a problem document.
const methods: HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const durableClient = df.input.durableClient();
const paths = [...new Set(operations.map(({ path }) => path)), '{*unknown}'];

for (const route of paths) {
  app.http(functionNameOf(route), {
    route,
    methods,
    // The app authenticates callers itself, see functions/auth.
    authLevel: 'anonymous',
    extraInputs: [durableClient],
    handler: async (request, context) => {
      rememberClient(context);
      const { dispatch } = await parts();
      return serve(request, dispatch);
    },
  });
}
