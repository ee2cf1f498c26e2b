import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startApi } from '../../../support/control-plane-api.ts';
import { connectorResource, topicMapResource } from '../../../support/resources.ts';
import { createScope } from '../../../support/scope.ts';

const APPLY = 'POST /api/sites/plant/apply';
const yaml = { 'content-type': 'application/yaml' };
const bridge = [connectorResource('one'), topicMapResource('m', 'one')];

describe('apply', () => {
  it('says what became of each document, in their order, with the ETag that GET has', async (t) => {
    const api = await startApi(t);
    const first = await api.send(APPLY, { body: bridge });
    expect(first).toMatchObject({ status: 200, json: { kind: 'ApplyResult', dryRun: false, warnings: [] } });
    expect(first.json.results).toMatchObject([
      { name: 'one', outcome: 'created' },
      { name: 'm', outcome: 'created' },
    ]);

    const changed = [topicMapResource('m', 'one', 'other/#'), connectorResource('one'), topicMapResource('n', 'one')];
    const second = await api.send(APPLY, { body: changed });
    const outcomes = second.json.results.map(({ name, outcome }) => `${name} ${outcome}`);
    expect(outcomes).toEqual(['m configured', 'one unchanged', 'n created']);
    expect(second.json.results[1].etag).toBe(first.json.results[0].etag);
    const { headers } = await api.send('GET /api/sites/plant/topicmaps/m');
    expect(second.json.results[0].etag).toBe(headers.etag);
    expect((await api.stores.bridges.readHead('plant'))?.generation).toBe(2);
  });

  it.each([
    ['YAML of several documents', yaml, `${bridge.map((one) => stringify(one)).join('---\n')}---\n# the end\n`],
    ['a YAML list', yaml, stringify({ kind: 'List', items: bridge })],
    ['a JSON list', {}, { apiVersion: 'v1', kind: 'List', items: bridge }],
    ['a JSON array', {}, bridge],
  ])('takes %s', async (_what, headers, body) => {
    await using scope = createScope();
    const api = await startApi(scope);
    expect(await api.send(APPLY, { headers, body })).toMatchObject({ status: 200, json: { results: [{}, {}] } });
  });

  it('writes all or nothing, and names every fault of every document with its place', async (t) => {
    const api = await startApi(t);
    const documents = [
      connectorResource('one'),
      connectorResource('two', { maxHops: 99 }),
      topicMapResource('m', 'three'),
    ];
    const body = documents.map((one) => `${JSON.stringify(one)}\n`).join('---\n');
    const refused = await api.send(APPLY, { headers: yaml, body });
    expect(refused).toMatchObject({ status: 422 });
    expect(refused.json.errors.filter(({ severity }) => severity === 'error')).toEqual([
      expect.objectContaining({ document: 'MqttBridgeConnector/two', path: 'spec.maxHops', line: 3 }),
      expect.objectContaining({ document: 'MqttBridgeTopicMap/m', rule: 'XR001', line: 5 }),
    ]);
    expect(await api.stores.bridges.readHead('plant')).toBeUndefined();
    expect(api.hints).toEqual([]);
  });

  it.each([
    ['a wildcard in a target', [{ target: 'a/#' }], 'TM004', 'spec.routes[0].target'],
    ['$share in a source', [{ source: '$share/g/a' }], 'TM006', 'spec.routes[0].source'],
    ['# that is not last', [{ source: 'a/#/b' }], 'TM005', 'spec.routes[0].source'],
    ['a share group with /', [shared('a/b')], 'TM007', 'spec.routes[0].sharedSubscription.groupName'],
    ['two routes of one name', [{}, { source: 'b' }], undefined, 'spec.routes[1].name'],
  ])('refuses %s by rule and path (F22)', async (_what, changes, rule, path) => {
    await using scope = createScope();
    const api = await startApi(scope);
    const routes = changes.map((change) => ({ direction: 'local-to-remote', name: 'r', source: 'a', ...change }));
    const map = { ...topicMapResource('m', 'one'), spec: { mqttBridgeConnectorRef: 'one', routes } };
    const refused = await api.send(APPLY, { body: [connectorResource('one'), map] });
    expect(refused.status).toBe(422);
    const named = rule === undefined ? { path } : { path, rule };
    const document = 'MqttBridgeTopicMap/m';
    expect(refused.json.errors).toContainEqual(expect.objectContaining({ ...named, document, severity: 'error' }));
  });

  it('refuses shared subscriptions in MQTT 3.1.1 and the same route in two maps (F22)', async (t) => {
    const api = await startApi(t);
    const map = (name: string, route: object) => ({
      ...topicMapResource(name, 'one'),
      spec: {
        mqttBridgeConnectorRef: 'one',
        routes: [{ direction: 'local-to-remote', name: 'r', source: 'a', ...route }],
      },
    });
    const old = [connectorResource('one', { protocol: 'v3' }), map('m', shared('g'))];
    expect(await api.send(APPLY, { body: old })).toMatchObject({ status: 422 });
    const twice = await api.send(APPLY, { body: [connectorResource('one'), map('m', {}), map('n', {})] });
    expect(twice.status).toBe(422);
    expect(new Set(twice.json.errors.map(({ document }) => document))).toContain('MqttBridgeTopicMap/n');
  });

  it('counts lines of a JSON array from its own first line', async (t) => {
    const api = await startApi(t);
    const body = `[\n${JSON.stringify(connectorResource('one', { maxHops: 99 }))}\n]`;
    const refused = await api.send(APPLY, { body });
    expect(refused.json.errors).toContainEqual(expect.objectContaining({ path: 'spec.maxHops', line: 2 }));
    const yes = await api.send(APPLY, { headers: yaml, body: '[]' });
    expect(yes).toMatchObject({ status: 422, json: { errors: [{ rule: 'YA009', line: 1 }] } });
  });

  it('says what would happen in a dry run, and changes nothing', async (t) => {
    const api = await startApi(t);
    await api.send(APPLY, { body: [connectorResource('one')] });
    const dry = await api.send(`${APPLY}?dryRun=true`, { body: bridge });
    expect(dry.json).toMatchObject({ dryRun: true, results: [{ outcome: 'unchanged' }, { outcome: 'created' }] });
    expect(dry.json.results[1]).not.toHaveProperty('etag');
    expect(await api.send('GET /api/sites/plant/topicmaps/m')).toMatchObject({ status: 404 });
    expect(await api.send(`${APPLY}?dryRun=true`, { body: [topicMapResource('n', 'none')] })).toMatchObject({
      status: 422,
    });
    expect(await api.send(`${APPLY}?dryRun=yes`, { body: bridge })).toMatchObject({ status: 400 });
  });

  it('hands on warnings, and ignores kinds that are not ours with one', async (t) => {
    const api = await startApi(t);
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } };
    const answer = await api.send(APPLY, { body: [connectorResource('one', { bridgeInstances: 0 }), secret] });
    expect(answer).toMatchObject({ status: 200, json: { results: [{ name: 'one' }] } });
    const warned = answer.json.warnings.map(({ rule, document }) => `${rule} ${document}`);
    expect(warned).toEqual(['XR002 MqttBridgeConnector/one', 'BC014 MqttBridgeConnector/one', 'YA010 2']);
  });

  it('refuses two documents for one resource, also from two namespaces', async (t) => {
    const api = await startApi(t);
    const elsewhere = { ...connectorResource('one'), metadata: { name: 'one', namespace: 'elsewhere' } };
    const refused = await api.send(APPLY, { body: [connectorResource('one'), elsewhere] });
    expect(refused.status).toBe(422);
    expect(refused.json.errors).toContainEqual(expect.objectContaining({ rule: 'RepeatedResource' }));
  });

  it('keeps a site to 1,000 resources', async (t) => {
    const api = await startApi(t);
    const resources = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => topicMapResource(`m${from + index}`, 'one'));
    expect(await api.send(APPLY, { body: [connectorResource('one'), ...resources(0, 998)] })).toMatchObject({
      status: 200,
    });
    expect(await api.send(APPLY, { body: resources(998, 1) })).toMatchObject({ status: 200 });
    const refused = await api.send(APPLY, { body: resources(999, 1) });
    expect(refused).toMatchObject({ status: 422, json: { errors: [{ rule: 'TooManyResources' }] } });
  });

  it('keeps a connector and its maps to what an agent takes at once', async (t) => {
    const api = await startApi(t);
    const large = (name: string, connector: string) => {
      const { metadata, ...map } = topicMapResource(name, connector);
      return { ...map, metadata: { ...metadata, annotations: { large: 'ü'.repeat(450_000) } } };
    };
    await api.send(APPLY, { body: [connectorResource('one'), connectorResource('two')] });
    for (const name of ['a', 'b', 'c']) {
      expect(await api.send(APPLY, { body: large(name, 'one') })).toMatchObject({ status: 200 });
    }
    const refused = await api.send(APPLY, { body: large('d', 'one') });
    expect(refused).toMatchObject({ status: 422, json: { errors: [{ rule: 'ConnectorTooLarge' }] } });
    expect(await api.send(APPLY, { body: large('d', 'two') })).toMatchObject({ status: 200 });
  });
});

describe('validate', () => {
  it('answers 200 with what is wrong, judged together with what the site has, and changes nothing', async (t) => {
    const api = await startApi(t);
    await api.send(APPLY, { body: [connectorResource('one')] });
    const validate = async (body: unknown) =>
      (await api.send('POST /api/sites/plant/validate', { as: 'reader', body })).json;
    expect(await validate([topicMapResource('m', 'one')])).toMatchObject({ valid: true, problems: [] });
    const wrong = await validate([topicMapResource('m', 'two')]);
    expect(wrong).toMatchObject({ valid: false, problems: [{ rule: 'XR001', severity: 'error', line: 1 }] });
    expect((await api.stores.bridges.readHead('plant'))?.generation).toBe(1);
  });
});

describe('diff', () => {
  it('names the fields that apply would change', async (t) => {
    const api = await startApi(t);
    await api.send(APPLY, { body: bridge });
    const changed = [connectorResource('one', { maxHops: 1, clientIdPrefix: 'x' }), topicMapResource('n', 'one')];
    const answer = await api.send('POST /api/sites/plant/diff', { as: 'reader', body: changed });
    expect(answer).toMatchObject({ status: 200, json: { kind: 'DiffResult' } });
    expect(answer.json.results).toEqual([
      expect.objectContaining({
        outcome: 'configured',
        changes: [
          { path: 'spec.clientIdPrefix', before: 'one', after: 'x' },
          { path: 'spec.maxHops', after: 1 },
        ],
        before: connectorResource('one'),
        after: changed[0],
      }),
      expect.objectContaining({ outcome: 'created', name: 'n', changes: [{ path: '', after: changed[1] }] }),
    ]);
    expect(answer.json.results[1]).not.toHaveProperty('before');
    const same = await api.send('POST /api/sites/plant/diff', { body: bridge });
    expect(same.json.results).toMatchObject([{ outcome: 'unchanged', changes: [] }, { changes: [] }]);
    expect(await api.send('POST /api/sites/plant/diff', { body: [{}] })).toMatchObject({ status: 422 });
  });
});

describe('explain', () => {
  it('follows topics through the routes of the site', async (t) => {
    const api = await startApi(t);
    await api.send(APPLY, { body: [...bridge, connectorResource('two'), topicMapResource('n', 'two')] });
    const explain = async (query: string) => await api.send(`GET /api/sites/plant/explain?${query}`, { as: 'reader' });

    const both = await explain('topic=m/1&topic=%24SYS/x');
    expect(both.json.results).toMatchObject([
      { connector: 'one', topic: 'm/1', routes: [{ route: 'm-out', matched: true, topic: 'm/1' }] },
      { connector: 'one', topic: '$SYS/x', routes: [{ matched: false }] },
      { connector: 'two', topic: 'm/1', routes: [{ route: 'n-out', matched: false }] },
      { connector: 'two', topic: '$SYS/x' },
    ]);
    expect((await explain('topic=m/1&connector=one')).json.results).toHaveLength(1);
    expect((await explain('topic=m/1&connector=one&direction=remote-to-local')).json.results).toMatchObject([
      { routes: [] },
    ]);
    expect(await explain('topic=m/1&connector=none')).toMatchObject({ status: 404 });
    expect(await explain('')).toMatchObject({ status: 400, json: { errors: [{ path: 'query.topic' }] } });
    expect(await explain(Array.from({ length: 21 }, () => 'topic=a').join('&'))).toMatchObject({ status: 400 });
  });
});

describe('sites', () => {
  it('lists them in pages and forgets one with all of its reports', async (t) => {
    const api = await startApi(t);
    for (const site of ['b', 'a', 'c']) await api.send(`POST /api/sites/${site}/apply`, { body: bridge });
    const page = await api.send('GET /api/sites?limit=2', { as: 'reader' });
    expect(page.json.items).toEqual([{ name: 'a' }, { name: 'b' }]);
    expect((await api.send(`GET /api/sites?continue=${page.json.continue}`)).json.items).toEqual([{ name: 'c' }]);
    expect(await api.send('GET /api/sites?continue=made-up')).toMatchObject({ status: 400 });

    expect(await api.send('DELETE /api/sites/b', { as: 'admin' })).toMatchObject({ status: 204 });
    expect(await api.send('DELETE /api/sites/b', { as: 'admin' })).toMatchObject({ status: 404 });
    expect((await api.send('GET /api/sites')).json.items).toEqual([{ name: 'a' }, { name: 'c' }]);
    expect((await api.send('GET /api/sites/b/connectors')).json.items).toEqual([]);
    expect(api.hints.at(-1)).toBe('hint b');
  });
});

function shared(groupName: string) {
  return { sharedSubscription: { groupMinimumShareNumber: 1, groupName } };
}
