import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { seen } from '../seen.ts';

/** What reached the function, for tests to look at. */
async function echo(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const body = Buffer.from(await request.arrayBuffer());
  return {
    jsonBody: {
      function: context.functionName,
      method: request.method,
      url: request.url,
      params: request.params,
      query: Object.fromEntries(request.query),
      headers: Object.fromEntries(request.headers),
      user: request.user,
      bytes: body.length,
      text: body.toString('utf8', 0, 100),
    },
  };
}

const anonymous = { authLevel: 'anonymous', handler: echo } as const;

app.http('echo', { ...anonymous, methods: ['GET', 'POST', 'HEAD'], route: 'echo' });
app.http('siteList', { ...anonymous, methods: ['GET'], route: 'sites' });
app.http('siteByName', { ...anonymous, methods: ['GET', 'PUT'], route: 'sites/{site}' });
app.http('siteByNumber', { ...anonymous, methods: ['GET'], route: 'sites/{number:int}' });
app.http('siteDefault', { ...anonymous, methods: ['GET'], route: 'sites/default' });
app.http('page', { ...anonymous, methods: ['GET'], route: 'pages/{name?}' });
app.http('files', { ...anonymous, methods: ['GET'], route: 'files/{*path}' });
app.http('locked', { authLevel: 'function', handler: echo, methods: ['GET'], route: 'locked' });
app.http('vault', { authLevel: 'admin', handler: echo, methods: ['GET'], route: 'vault' });

app.http('fails', {
  authLevel: 'anonymous',
  handler: () => {
    throw new Error('the reason stays in the log');
  },
});
app.http('nothing', { authLevel: 'anonymous', handler: () => undefined as unknown as HttpResponseInit });
app.http('limited', {
  authLevel: 'anonymous',
  methods: ['POST'],
  handler: async (request) => {
    const { byteLength } = await request.arrayBuffer();
    return byteLength > 1_048_576 ? { status: 413, body: 'too large for the app' } : { status: 200 };
  },
});
app.http('dressed', {
  authLevel: 'anonymous',
  handler: () => ({
    status: 201,
    headers: { 'content-type': 'text/plain', etag: '"7"', connection: 'upgrade' },
    cookies: [{ name: 'session', value: 'a b', httpOnly: true, sameSite: 'Strict', maxAge: 60 }],
    body: 'dressed',
  }),
});
// The library checks names and values of headers, and nothing in cookies.
app.http('unsendable', {
  authLevel: 'anonymous',
  handler: () => ({ cookies: [{ name: 'a', value: 'b', path: '/\r\nset-cookie: forged=1' }], body: 'dressed' }),
});
app.http('slow', {
  authLevel: 'anonymous',
  handler: async () => {
    seen.begun++;
    await seen.hold;
    return { body: 'done' };
  },
});
app.http('bytes', { authLevel: 'anonymous', handler: () => ({ body: new Uint8Array([0, 255, 1]) }) });
app.http('notModified', { authLevel: 'anonymous', handler: () => ({ status: 304, headers: { etag: '"7"' } }) });
