import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../../functions/http/contract.ts';
import { openStores, startApi } from '../../../support/control-plane-api.ts';
import { connectorResource } from '../../../support/resources.ts';
import { createScope } from '../../../support/scope.ts';

const ONE = '/api/sites/plant/connectors/one';

const failing: Operation = {
  id: 'fail',
  method: 'GET',
  path: 'fail',
  summary: 'Fails.',
  role: 'Bridge.Read',
  responses: {},
  handler: async () => {
    throw new Error('the password is hunter2');
  },
};

describe('who gets in', () => {
  it('answers 503 to everything but liveness when no authentication is configured', async (t) => {
    const api = await startApi(t, { authorize: async () => ({ kind: 'unconfigured' }) });
    expect(await api.send('GET /api/live')).toMatchObject({ status: 200, json: { status: 'live' } });
    for (const target of [`GET ${ONE}`, 'GET /api/openapi.json', 'GET /api/none', `PATCH ${ONE}`, `OPTIONS ${ONE}`]) {
      expect(await api.send(target), target).toMatchObject({ status: 503 });
    }
  });

  it('challenges who has no credentials or wrong ones, and tells neither what exists', async (t) => {
    const api = await startApi(t);
    await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    const none = await api.send(`GET ${ONE}`, { as: null });
    expect(none).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    const wrong = await api.send(`GET ${ONE}`, { as: 'stranger' });
    expect(wrong).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });
    expect((await api.send('GET /api/sites/plant/connectors/none', { as: null })).text).toBe(none.text);
  });

  it('refuses roles that do not suffice, before it looks at what exists', async (t) => {
    const api = await startApi(t);
    const body = connectorResource('one');
    expect(await api.send(`PUT ${ONE}`, { as: 'reader', body })).toMatchObject({ status: 403 });
    expect(await api.send(`PUT ${ONE}`, { as: 'agent', body })).toMatchObject({ status: 403 });
    expect(await api.send(`GET ${ONE}`, { as: 'agent' })).toMatchObject({ status: 403 });
    expect(await api.send('DELETE /api/sites/plant', { as: 'writer' })).toMatchObject({ status: 403 });
    expect(await api.send(`DELETE ${ONE}`, { as: 'reader' })).toMatchObject({ status: 403 });
    expect(await api.send(`PUT ${ONE}`, { as: 'admin', body })).toMatchObject({ status: 201 });
  });

  it('refuses who is confined to another site or connector, whether or not this one exists', async (t) => {
    const confined = { id: 'key:x', roles: new Set(['Bridge.Write'] as const), site: 'elsewhere' };
    const api = await startApi(t, { authorize: async () => ({ kind: 'caller', caller: confined }) });
    const there = await api.send(`GET ${ONE}`);
    expect(there.status).toBe(403);
    expect((await api.send('GET /api/sites/none/connectors/none')).text).toBe(there.text);
    expect(await api.send('GET /api/sites')).toMatchObject({ status: 403 });
    expect(await api.send('GET /api/sites/elsewhere/connectors')).toMatchObject({ status: 200 });
  });

  it('says 503 with Retry-After when who calls cannot be found out now', async (t) => {
    const api = await startApi(t, { authorize: async () => ({ kind: 'unavailable', retryAfterSeconds: 2.5 }) });
    expect(await api.send(`GET ${ONE}`)).toMatchObject({ status: 503, headers: { 'retry-after': '3' } });
    expect(await api.send('GET /api/openapi.json')).toMatchObject({ status: 200 });
  });

  it('lets one caller have no more than its share, and serves the others (F39)', async (t) => {
    const counts = new Map<string, number>();
    const limit = (caller: string) => {
      const count = (counts.get(caller) ?? 0) + 1;
      counts.set(caller, count);
      return count > 100 ? ({ kind: 'refused', retryAfterSeconds: 1 } as const) : ({ kind: 'admitted' } as const);
    };
    const api = await startApi(t, { limit });
    const flood = await Promise.all(Array.from({ length: 1000 }, () => api.send('GET /api/sites', { as: 'writer' })));
    expect(flood.filter(({ status }) => status === 200)).toHaveLength(100);
    expect(flood.at(-1)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    expect(await api.send('GET /api/sites', { as: 'reader' })).toMatchObject({ status: 200 });
    expect(await api.send('GET /api/live', { as: 'writer' })).toMatchObject({ status: 200 });
  });
});

describe('paths and methods', () => {
  it.each([
    ['GET', '/api', 404],
    ['GET', '/api/', 404],
    ['GET', '/api/none', 404],
    ['GET', '/other/live', 404],
    ['GET', '/api/live/', 404],
    ['GET', '/api/sites/plant/../../live', 200],
    ['GET', '/api/sites/%2e%2e/live', 200],
    ['GET', '/api/sites/%zz/connectors', 400],
    ['GET', '/api/sites/%ff/connectors', 400],
    ['GET', '/api/sites/a%2fb/connectors', 400],
    ['GET', '/api/sites/Plant/connectors', 400],
    ['GET', '/api/sites/-/connectors', 400],
    ['GET', "/api/sites/'%20or%20PartitionKey%20ne%20'/connectors", 400],
    ['GET', '/api/sites/plant/connectors/%00', 400],
    ['GET', '/api/sites/plant/connectors/a%23b', 400],
    ['GET', `/api/sites/${'a'.repeat(1024)}/connectors`, 400],
    ['GET', `/api/sites/plant/connectors/${'a'.repeat(1024)}`, 400],
    ['GET', '/api/sites/plant/connectors?%24filter=1', 400],
    ['PATCH', ONE, 405],
    ['POST', ONE, 405],
    ['TRACE', ONE, 405],
    ['toString', ONE, 405],
    ['GET', '/api/sites/plant/apply', 405],
  ])('answers %s %s with %i (F38)', async (method, path, status) => {
    await using scope = createScope();
    const api = await startApi(scope);
    const answer = await api.send(`${method} ${path}`);
    expect(answer.status).toBe(status);
    if (status !== 200) expect(answer.headers['content-type']).toBe('application/problem+json');
    if (status === 405) expect(answer.headers.allow).toMatch(/GET, HEAD|POST/);
  });

  it('answers HEAD as GET without the body, and OPTIONS with what is allowed', async (t) => {
    const api = await startApi(t);
    const { etag } = (await api.send(`PUT ${ONE}`, { body: connectorResource('one') })).headers;
    expect(await api.send(`HEAD ${ONE}`)).toMatchObject({ status: 200, text: '', headers: { etag } });
    expect(await api.send('HEAD /api/sites/plant/connectors/none')).toMatchObject({ status: 404, text: '' });
    const options = await api.send(`OPTIONS ${ONE}`);
    expect(options).toMatchObject({ status: 204, text: '', headers: { allow: 'GET, HEAD, PUT, DELETE, OPTIONS' } });
    expect(options.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('answers', () => {
  it('carry what keeps them from being sniffed and stored', async (t) => {
    const api = await startApi(t);
    const always = { 'x-content-type-options': 'nosniff', vary: 'Accept' };
    expect((await api.send('GET /api/sites')).headers).toMatchObject({ ...always, 'cache-control': 'no-store' });
    expect((await api.send('GET /api/none')).headers).toMatchObject({ ...always, 'cache-control': 'no-store' });
    await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    const resource = await api.send(`GET ${ONE}`);
    expect(resource.headers).toMatchObject({ ...always, 'cache-control': 'private, no-cache' });
  });

  it('say 406 where there is nothing that the caller accepts, and JSON wherever it does not say', async (t) => {
    const api = await startApi(t);
    await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    const typeOf = async (accept: string) => {
      const { status, headers } = await api.send(`GET ${ONE}`, { headers: { accept } });
      return status === 200 ? headers['content-type'] : status;
    };
    expect(await typeOf('text/html')).toBe(406);
    expect(await typeOf('application/json;q=0, */*;q=0.1')).toBe('application/yaml');
    expect(await typeOf('application/yaml;q=0.5, application/json')).toBe('application/json');
    expect(await typeOf('application/*')).toBe('application/json');
    expect(await typeOf('')).toBe('application/json');
    expect(await api.send('GET /api/sites', { headers: { accept: 'application/yaml' } })).toMatchObject({
      status: 406,
    });
  });

  it('tell of a defect only by a name that the log has too', async (t) => {
    const api = await startApi(t, { operations: [failing] });
    const answer = await api.send('GET /api/fail');
    expect(answer).toMatchObject({ status: 500, headers: { 'content-type': 'application/problem+json' } });
    expect(answer.text).not.toMatch(/hunter2|at .*\.ts/);
    const [entry] = api.log;
    expect(entry).toMatchObject({ event: 'RequestFailed', fields: { path: 'fail' } });
    expect(answer.json.detail).toContain(entry.fields.id);
  });

  it('do not wait for a health orchestration that cannot be reached', async (t) => {
    const away = async () => {
      throw new Error('no durable client');
    };
    const api = await startApi(t, { trigger: { ensure: away, hint: away } });
    expect(await api.send(`PUT ${ONE}`, { body: connectorResource('one') })).toMatchObject({ status: 201 });
    expect(api.log.map(({ event }) => event)).toEqual(['HealthStartFailed', 'HealthHintFailed']);
  });

  it('say 503 when the store is away', async (t) => {
    const stores = await openStores(t);
    const { StoreError } = await import('../../../../functions/store/store-error.ts');
    const readHead = async () => {
      throw new StoreError('unavailable', 'SQLITE_BUSY');
    };
    const api = await startApi(t, { stores: { ...stores, bridges: { ...stores.bridges, readHead } } });
    expect(await api.send(`GET ${ONE}`)).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  });

  it('are not disturbed by a site that is deleted while it is read', async (t) => {
    const stores = await openStores(t);
    let deleted = false;
    const readDocuments: typeof stores.bridges.readDocuments = async (site, hashes) => {
      if (!deleted) await stores.bridges.removeSite(site);
      deleted = true;
      return stores.bridges.readDocuments(site, hashes);
    };
    const api = await startApi(t, { stores: { ...stores, bridges: { ...stores.bridges, readDocuments } } });
    await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    expect(await api.send('PUT /api/sites/plant/connectors/two', { body: connectorResource('two') })).toMatchObject({
      status: 201,
    });
    expect((await stores.bridges.readHead('plant'))?.entries).toMatchObject([{ name: 'two' }]);
  });

  it('say 503 when others change the site all the time', async (t) => {
    const stores = await openStores(t);
    const commit = async () => ({ kind: 'conflict' }) as const;
    const api = await startApi(t, { stores: { ...stores, bridges: { ...stores.bridges, commit } } });
    const answer = await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    expect(api.hints).toEqual([]);
  });
});
