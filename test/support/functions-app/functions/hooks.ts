import { app, type HttpResponseInit } from '@azure/functions';
import { seen } from '../seen.ts';

app.setup({ enableHttpStream: false });
app.hook.appStart(() => void seen.hooks.push('appStart'));
app.hook.appTerminate(() => void seen.hooks.push('appTerminate'));
app.hook.preInvocation((context) => {
  if (context.invocationContext.functionName !== 'hooked') return;
  const { functionHandler } = context;
  context.functionHandler = async (request, invocation) => {
    const given = (await functionHandler(request, invocation)) as HttpResponseInit;
    return { ...given, headers: { 'x-before': 'yes' } };
  };
});
app.hook.postInvocation((context) => {
  if (context.invocationContext.functionName !== 'hooked') return;
  context.result = { ...(context.result as HttpResponseInit), status: 202 };
});
app.hook.log((context) => {
  context.message = context.message.replace('loud', 'quiet');
});
app.http('hooked', {
  authLevel: 'anonymous',
  handler: (_request, context) => {
    context.warn('a loud line');
    return { body: 'hooked' };
  },
});
