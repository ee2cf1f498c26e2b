import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { openStores, startApi } from '../../../support/control-plane-api.ts';
import { connectorResource, topicMapResource } from '../../../support/resources.ts';
import { createScope } from '../../../support/scope.ts';
import { createTempDir } from '../../../support/temp-dir.ts';

const ONE = '/api/sites/plant/connectors/one';

describe('PUT', () => {
  it('creates with 201 and Location, and replaces with 200 when If-Match has the ETag', async (t) => {
    const api = await startApi(t);

    const created = await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    expect(created).toMatchObject({ status: 201, json: connectorResource('one'), headers: { location: ONE } });
    expect(created.headers.etag).toMatch(/^"1-[0-9a-f]{12}"$/);

    const changed = connectorResource('one', { bridgeInstances: 2 });
    const headers = { 'if-match': created.headers.etag ?? '' };
    const replaced = await api.send(`PUT ${ONE}`, { headers, body: changed });
    expect(replaced).toMatchObject({ status: 200, json: changed });
    expect(replaced.headers.etag).toMatch(/^"2-/);
    expect(replaced.headers.location).toBeUndefined();
    expect(await api.send(`GET ${ONE}`)).toMatchObject({
      status: 200,
      json: changed,
      headers: { etag: replaced.headers.etag },
    });
    expect(await api.stores.bridges.readDesired('plant', 'one')).toMatchObject({ instances: 2 });
    expect(api.hints).toEqual(['ensure plant', 'hint plant', 'ensure plant', 'hint plant']);
  });

  it('keeps the ETag and writes nothing when nothing changes, however the document is written', async (t) => {
    const api = await startApi(t);
    const created = await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    const { spec, metadata, kind, apiVersion } = connectorResource('one');

    const again = await api.send(`PUT ${ONE}`, {
      headers: { 'if-match': '*' },
      body: { spec, metadata, kind, apiVersion },
    });

    expect(again).toMatchObject({ status: 200, headers: { etag: created.headers.etag } });
    expect((await api.stores.bridges.readHead('plant'))?.generation).toBe(1);
    expect(api.hints).toHaveLength(2);
  });

  it('takes and gives YAML by media type', async (t) => {
    const api = await startApi(t);
    const yaml = `# a comment\n${JSON.stringify(connectorResource('one'))}`;

    const headers = { 'content-type': 'text/yaml; charset=UTF-8', accept: 'application/yaml' };
    const created = await api.send(`PUT ${ONE}`, { headers, body: yaml });

    expect(created).toMatchObject({ status: 201, headers: { 'content-type': 'application/yaml', vary: 'Accept' } });
    expect(parse(created.text)).toEqual(connectorResource('one'));
    expect(created.headers.etag).toMatch(/\+yaml"$/);
  });

  it('says every fault at once with its place, and changes nothing', async (t) => {
    const api = await startApi(t);
    const { kind, ...rest } = connectorResource('other', { nonsense: 1, bridgeInstances: -1 });
    const body = JSON.stringify({ kind, ...rest }, undefined, 2);

    const refused = await api.send(`PUT ${ONE}`, { body });

    expect(refused).toMatchObject({ status: 422, headers: { 'content-type': 'application/problem+json' } });
    expect(refused.json.type).toBe('urn:mqttbridge:problem:invalid-resource');
    expect(refused.json.errors).toEqual([
      expect.objectContaining({ path: 'metadata.name', rule: 'PathMismatch', line: 5, column: 13 }),
      expect.objectContaining({ path: 'spec.nonsense', rule: 'BC002', document: 'MqttBridgeConnector/one', line: 24 }),
      expect.objectContaining({ path: 'spec.bridgeInstances', rule: 'BC003', line: 25, severity: 'error' }),
    ]);
    expect(await api.stores.bridges.readHead('plant')).toBeUndefined();
    expect(api.hints).toEqual([]);
  });

  it('names documents of the site that a change would break, without a place', async (t) => {
    const api = await startApi(t);
    await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    await api.send('PUT /api/sites/plant/topicmaps/m', { body: topicMapResource('m', 'one') });

    const lonely = await api.send('PUT /api/sites/plant/topicmaps/lonely', { body: topicMapResource('lonely', 'two') });
    expect(lonely).toMatchObject({ status: 422, json: { errors: [{ rule: 'XR001', line: 1 }] } });

    const moved = { ...connectorResource('one'), metadata: { name: 'one', namespace: 'elsewhere' } };
    const refused = await api.send(`PUT ${ONE}`, { headers: { 'if-match': '*' }, body: moved });
    expect(refused).toMatchObject({ status: 422 });
    expect(refused.json.errors).toEqual([
      expect.objectContaining({ rule: 'XR002', document: 'MqttBridgeConnector/one', severity: 'warning', line: 1 }),
      expect.objectContaining({ rule: 'XR001', document: 'MqttBridgeTopicMap/m', severity: 'error' }),
    ]);
    expect(refused.json.errors[1]).not.toHaveProperty('line');
  });

  it.each([
    ['a list', [connectorResource('one')]],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['nothing', ''],
    ['the other kind', topicMapResource('one', 'x')],
    ['another kind', { ...connectorResource('one'), kind: 'ConfigMap', apiVersion: 'v1' }],
  ])('refuses %s', async (_what, body) => {
    await using scope = createScope();
    const api = await startApi(scope);
    const refused = await api.send(`PUT ${ONE}`, { headers: { 'content-type': 'application/yaml' }, body });
    expect(refused.status).toBe(422);
    expect(refused.json.errors.length).toBeGreaterThan(0);
    expect(await api.stores.bridges.readHead('plant')).toBeUndefined();
  });
});

describe('conditions (F36)', () => {
  it('asks for If-Match before it replaces: 428, and the ETag that is there', async (t) => {
    const api = await startApi(t);
    const created = await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    const refused = await api.send(`PUT ${ONE}`, { body: connectorResource('one', { maxHops: 1 }) });
    expect(refused).toMatchObject({ status: 428, headers: { etag: created.headers.etag } });
    expect(await api.send(`DELETE ${ONE}`)).toMatchObject({ status: 428 });
    expect(await api.send(`GET ${ONE}`)).toMatchObject({ headers: { etag: created.headers.etag } });
  });

  it('compares If-Match strongly, and takes the tag of any representation', async (t) => {
    const api = await startApi(t);
    const { etag = '' } = (await api.send(`PUT ${ONE}`, { body: connectorResource('one') })).headers;
    const change = async (ifMatch: string) =>
      (await api.send(`PUT ${ONE}`, { headers: { 'if-match': ifMatch }, body: connectorResource('one') })).status;

    expect(await change(`W/${etag}`)).toBe(412);
    expect(await change('"1-000000000000"')).toBe(412);
    expect(await change('"2-abc", W/"x"')).toBe(412);
    expect(await change(etag.slice(1, -1))).toBe(400);
    expect(await change(`"x", ${etag}`)).toBe(200);
    expect(await change(etag.replace(/"$/, '+effective+yaml"'))).toBe(200);
    expect(await change('*')).toBe(200);
  });

  it('does not create when If-Match is there, nor replace when If-None-Match: * is', async (t) => {
    const api = await startApi(t);
    const body = connectorResource('one');
    expect(await api.send(`PUT ${ONE}`, { headers: { 'if-match': '*' }, body })).toMatchObject({ status: 412 });
    expect(await api.send(`PUT ${ONE}`, { headers: { 'if-none-match': '*' }, body })).toMatchObject({ status: 201 });
    expect(await api.send(`PUT ${ONE}`, { headers: { 'if-none-match': '*' }, body })).toMatchObject({ status: 412 });
    const both = { 'if-none-match': '*', 'if-match': '*' };
    expect(await api.send(`PUT ${ONE}`, { headers: both, body })).toMatchObject({ status: 412 });
  });

  it('answers 304 to a reader that has the representation, compared weakly', async (t) => {
    const api = await startApi(t);
    const { etag = '' } = (await api.send(`PUT ${ONE}`, { body: connectorResource('one') })).headers;
    const read = async (headers: Record<string, string>, query = '') =>
      await api.send(`GET ${ONE}${query}`, { headers });

    expect(await read({ 'if-none-match': etag })).toMatchObject({ status: 304, text: '', headers: { etag } });
    expect(await read({ 'if-none-match': `W/${etag}` })).toMatchObject({ status: 304 });
    expect(await read({ 'if-none-match': '*' })).toMatchObject({ status: 304 });
    expect(await read({ 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
    const yaml = await read({ 'if-none-match': etag, accept: 'application/yaml' });
    expect(yaml.status).toBe(200);
    expect(yaml.headers.etag).toBe(etag.replace(/"$/, '+yaml"'));
    expect((await read({ 'if-none-match': etag }, '?view=effective')).status).toBe(200);
    const known = { 'if-none-match': etag.replace(/"$/, '+effective"') };
    expect((await read(known, '?view=effective')).status).toBe(304);
  });

  it('lets one of two changes with the same If-Match through, also from two processes', async (t) => {
    const folder = await createTempDir(t);
    const apis = [
      await startApi(t, { stores: await openStores(t, Date.now, folder) }),
      await startApi(t, { stores: await openStores(t, Date.now, folder) }),
    ];
    const { etag = '' } = (await apis[0].send(`PUT ${ONE}`, { body: connectorResource('one') })).headers;
    const answers = await Promise.all(
      apis.map((api, index) =>
        api.send(`PUT ${ONE}`, {
          headers: { 'if-match': etag },
          body: connectorResource('one', { maxHops: index + 1 }),
        }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 412]));
  });

  it('lets one of twenty creations through', async (t) => {
    const folder = await createTempDir(t);
    const apis = await Promise.all(
      Array.from({ length: 20 }, async () => startApi(t, { stores: await openStores(t, Date.now, folder) })),
    );
    const answers = await Promise.all(
      apis.map((api, maxHops) =>
        api.send(`PUT ${ONE}`, {
          headers: maxHops % 2 === 0 ? { 'if-none-match': '*' } : {},
          body: connectorResource('one', { maxHops: maxHops % 16 }),
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.every(({ status }) => [201, 412, 428].includes(status))).toBe(true);
  });

  it('lets changes of different resources all through, in one process and in several', async (t) => {
    const folder = await createTempDir(t);
    const apis = [
      await startApi(t, { stores: await openStores(t, Date.now, folder) }),
      await startApi(t, { stores: await openStores(t, Date.now, folder) }),
    ];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        apis[index % 2].send(`PUT /api/sites/plant/connectors/c${index}`, { body: connectorResource(`c${index}`) }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect((await apis[0].stores.bridges.readHead('plant'))?.generation).toBe(40);
  });
});

describe('GET', () => {
  it('shows the defaults where they are asked for', async (t) => {
    const api = await startApi(t);
    await api.send(`PUT ${ONE}`, { body: connectorResource('one') });
    const effective = await api.send(`GET ${ONE}?view=effective`);
    expect(effective.json).toMatchObject({ spec: { protocol: 'v5', maxHops: 4, bridgeInstances: 1 } });
    expect((await api.send(`GET ${ONE}?view=stored`)).json).toEqual(connectorResource('one'));
  });

  it('pages a list by name', async (t) => {
    const api = await startApi(t);
    const names = ['a', 'b', 'b.c', 'd', 'e'];
    await api.send('POST /api/sites/plant/apply', { body: names.map((name) => connectorResource(name)) });

    const found: string[] = [];
    let next: string | undefined = '';
    while (next !== undefined) {
      const page = await api.send(`GET /api/sites/plant/connectors?limit=2${next && `&continue=${next}`}`);
      expect(page.status).toBe(200);
      found.push(...page.json.items.map(({ name }: { name: string }) => name));
      next = page.json.continue;
    }
    expect(found).toEqual(names);
    expect((await api.send('GET /api/sites/plant/topicmaps')).json.items).toEqual([]);
    expect((await api.send('GET /api/sites/nowhere/connectors')).json.items).toEqual([]);
  });

  it.each([
    ['limit=0'],
    ['limit=501'],
    ['limit=x'],
    ['limit=1&limit=2'],
    ['limit='],
    ['continue=%00'],
    ['$filter=1'],
    ['view=all'],
  ])('refuses ?%s', async (query) => {
    await using scope = createScope();
    const api = await startApi(scope);
    const refused = await api.send(`GET /api/sites/plant/connectors?${query}`);
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ path: `query.${query.split('=')[0]}` }] } });
  });
});

describe('DELETE', () => {
  it('deletes once, and says 404 afterwards', async (t) => {
    const api = await startApi(t);
    const { etag = '' } = (await api.send(`PUT ${ONE}`, { body: connectorResource('one') })).headers;
    expect(await api.send(`DELETE ${ONE}`, { headers: { 'if-match': '"1-x"' } })).toMatchObject({ status: 412 });
    expect(await api.send(`DELETE ${ONE}`, { headers: { 'if-match': etag } })).toMatchObject({ status: 204, text: '' });
    expect(await api.send(`DELETE ${ONE}`, { headers: { 'if-match': etag } })).toMatchObject({ status: 404 });
    expect(await api.send(`GET ${ONE}`)).toMatchObject({ status: 404 });
    expect(await api.stores.bridges.readDesired('plant', 'one')).toBeUndefined();
  });

  it('keeps a connector that topic maps refer to and names them, unless they are to go too', async (t) => {
    const api = await startApi(t);
    const maps = ['m', 'n'].map((name) => topicMapResource(name, 'one'));
    await api.send('POST /api/sites/plant/apply', {
      body: [connectorResource('one'), connectorResource('two'), ...maps],
    });

    const refused = await api.send(`DELETE ${ONE}`, { headers: { 'if-match': '*' } });
    expect(refused).toMatchObject({
      status: 409,
      json: { errors: [{ document: 'MqttBridgeTopicMap/m' }, { document: 'MqttBridgeTopicMap/n' }] },
    });

    expect(await api.send(`DELETE ${ONE}?cascade=true`, { headers: { 'if-match': '*' } })).toMatchObject({
      status: 204,
    });
    const head = await api.stores.bridges.readHead('plant');
    expect(head).toMatchObject({ generation: 2, entries: [{ kind: 'MqttBridgeConnector', name: 'two' }] });
  });
});
