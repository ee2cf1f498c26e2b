import { gzipSync } from 'node:zlib';
import { describe, expect, test, type TestContext, vi } from 'vitest';
import type { Stores } from '../../../../functions/store/store.ts';
import { type AgentReport, type ReportAnswer, reportAnswerSchema } from '../../../../shared/api/report.ts';
import { openStores, startApi, type TestApiOptions } from '../../../support/control-plane-api.ts';
import { reportOf } from '../../../support/health/reports.ts';
import { connectorResource, topicMapResource } from '../../../support/resources.ts';

const TARGET = 'POST /api/sites/plant/agents/one/all/report';

/** The API with connectors `one` (two maps) and `two` (one map) at site `plant`. */
async function startPlant(t: TestContext, options: TestApiOptions = {}) {
  const stores = counted(await openStores(t));
  const api = await startApi(t, { ...options, stores });
  const resources = [
    connectorResource('one'),
    topicMapResource('a', 'one'),
    topicMapResource('b', 'one'),
    connectorResource('two'),
    topicMapResource('c', 'two'),
  ];
  expect((await api.send('POST /api/sites/plant/apply', { body: resources })).status).toBe(200);
  api.hints.length = 0;
  stores.calls.length = 0;
  const report = async (changes: Partial<AgentReport> = {}, target = TARGET): Promise<ReportAnswer> => {
    const answer = await api.send(target, { as: 'agent', body: reportOf({ document: {}, ...changes }) });
    expect(answer.status, answer.text).toBe(200);
    return reportAnswerSchema.parse(answer.json);
  };
  return { api, stores, report };
}

/** Writes down which operations of the stores are used. */
function counted(stores: Stores): Stores & { readonly calls: string[] } {
  const calls: string[] = [];
  const watch = <T extends object>(name: string, store: T): T =>
    new Proxy(store, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          calls.push(`${name}.${String(key)}`);
          return Reflect.apply(value, target, args) as unknown;
        };
      },
    });
  return {
    ...stores,
    close: () => stores.close(),
    calls,
    bridges: watch('bridges', stores.bridges),
    reports: watch('reports', stores.reports),
  };
}

/** Revision of connector `one` that the answer to a first report names. */
async function revisionOf(report: () => Promise<ReportAnswer>): Promise<string> {
  const { desired } = await report();
  if (desired.kind !== 'document') throw new Error('no document');
  return desired.revision;
}

describe('a report', () => {
  test('is answered with the whole document of its connector and no other, as it was defined', async (t) => {
    const { report, stores } = await startPlant(t);
    const answer = await report();
    expect(answer).toMatchObject({
      intervalSeconds: 30,
      desired: {
        kind: 'document',
        resources: [connectorResource('one'), topicMapResource('a', 'one'), topicMapResource('b', 'one')],
      },
    });
    expect(answer.desired).toHaveProperty('revision', (await stores.bridges.readDesired('plant', 'one'))?.revision);
    expect(answer).not.toHaveProperty('superseded');
  });

  test('with nothing new costs two storage operations', async (t) => {
    const { report, stores, api } = await startPlant(t);
    const revision = await revisionOf(report);
    const { tag } = await report({ sequence: 2, document: { revision } });
    stores.calls.length = 0;
    api.hints.length = 0;
    const answer = await report({ sequence: 3, tag, document: { revision } });
    expect(answer.desired).toEqual({ kind: 'current' });
    expect(stores.calls.toSorted()).toEqual(['bridges.readDesired', 'reports.put']);
    expect(api.hints).toEqual([]);
  });

  test('gets the new document once there is one, and the old one again when it is wanted again', async (t) => {
    const { report, api } = await startPlant(t);
    const revision = await revisionOf(report);
    const body = connectorResource('one', { bridgeInstances: 2 });
    await api.send('PUT /api/sites/plant/connectors/one', { headers: { 'if-match': '*' }, body });
    const { desired } = await report({ sequence: 2, document: { revision } });
    expect(desired).toMatchObject({ kind: 'document', resources: [body, {}, {}] });
    const rejected = { revision: 'x', at: '2026-01-01T00:00:00.000Z', problems: [] };
    if (desired.kind === 'document') rejected.revision = desired.revision;
    expect(await report({ sequence: 3, document: { revision, rejected } })).toMatchObject({
      desired: { kind: 'current' },
    });
    await api.send('PUT /api/sites/plant/connectors/one', {
      headers: { 'if-match': '*' },
      body: connectorResource('one'),
    });
    const back = await report({ sequence: 4, document: { revision, rejected } });
    expect(back.desired).toMatchObject({ kind: 'document', revision });
  });

  test('is no concern of a change to another connector', async (t) => {
    const { report, api } = await startPlant(t);
    const revision = await revisionOf(report);
    const body = topicMapResource('c', 'two', 'elsewhere/#');
    await api.send('PUT /api/sites/plant/topicmaps/c', { headers: { 'if-match': '*' }, body });
    expect((await report({ sequence: 2, document: { revision } })).desired).toEqual({ kind: 'current' });
  });

  test('for a connector that is not defined is kept, and answered with that', async (t) => {
    const { report, stores } = await startPlant(t);
    const answer = await report({}, 'POST /api/sites/elsewhere/agents/none/3/report');
    expect(answer.desired).toEqual({ kind: 'undefined' });
    expect(await stores.reports.list('elsewhere')).toMatchObject([{ connector: 'none', instance: '3' }]);
  });

  test('that is the first starts the health of the site; later ones wake it when something changed', async (t) => {
    const { report, api, stores } = await startPlant(t);
    const target = 'POST /api/sites/new/agents/one/0/report';
    const { tag } = await report({ changed: true }, target);
    expect(api.hints).toEqual(['ensure new', 'hint new']);
    expect(await stores.bridges.isRegistered('new')).toBe(true);
    const second = await report({ sequence: 2, tag }, target);
    await report({ sequence: 3, tag: second.tag, changed: true }, target);
    expect(api.hints).toEqual(['ensure new', 'hint new', 'hint new']);
  });

  test('of an agent that starts again makes the site known where that failed the first time', async (t) => {
    const { report, api, stores } = await startPlant(t);
    const target = 'POST /api/sites/new/agents/one/0/report';
    const away = vi.spyOn(stores.bridges, 'register').mockRejectedValueOnce(new Error('away'));
    const { tag } = await report({}, target);
    away.mockRestore();
    await report({ sequence: 2, tag }, target);
    expect(await stores.bridges.isRegistered('new')).toBe(false);
    await report({ run: crypto.randomUUID(), startedAt: '2027-01-02T00:00:00.000Z' }, target);
    expect(await stores.bridges.isRegistered('new')).toBe(true);
    expect(api.hints).toEqual(['ensure new', 'ensure new']);
  });

  test('is answered also when the health of the site cannot be woken', async (t) => {
    const trigger = { ensure: () => Promise.reject(new Error('away')), hint: () => Promise.reject(new Error('away')) };
    const { report } = await startPlant(t, { trigger });
    expect((await report({ changed: true })).desired.kind).toBe('document');
  });

  test('of an older process changes nothing, and cannot do so next time either', async (t) => {
    const { report, stores, api } = await startPlant(t);
    const newer = { run: '00000000-0000-4000-8000-000000000002', startedAt: '2027-01-02T00:00:00.000Z' };
    await report(newer);
    api.hints.length = 0;
    const answer = await report({ changed: true });
    expect(answer).toMatchObject({ superseded: true, desired: { kind: 'document' } });
    expect(await report({ sequence: 2, tag: answer.tag, changed: true })).toMatchObject({ superseded: true });
    expect(await stores.reports.list('plant')).toMatchObject([{ report: newer }]);
    expect(api.hints).toEqual([]);
  });

  test('may be compressed', async (t) => {
    const { api } = await startPlant(t);
    const headers = { 'content-encoding': 'gzip' };
    const body = gzipSync(JSON.stringify(reportOf({ document: {} })));
    expect((await api.send(TARGET, { as: 'agent', headers, body })).status).toBe(200);
  });

  test('of a newer agent may hold fields that are not known', async (t) => {
    const { api } = await startPlant(t);
    const body = { ...reportOf({ document: {} }), mood: 'good' };
    expect((await api.send(TARGET, { as: 'agent', body })).status).toBe(200);
  });

  test('that is none is refused with every fault in it', async (t) => {
    const { api, stores } = await startPlant(t);
    const body = { ...reportOf({ document: {} }), run: 'me', sequence: 0, ready: 'yes' };
    const answer = await api.send(TARGET, { as: 'agent', body });
    expect(answer).toMatchObject({ status: 422, json: { type: 'urn:mqttbridge:problem:invalid-resource' } });
    expect(answer.json.errors.map(({ path }) => path).toSorted()).toEqual(['ready', 'run', 'sequence']);
    expect((await api.send(TARGET, { as: 'agent', body: '{' })).status).toBe(400);
    expect((await api.send('POST /api/sites/plant/agents/one/x/report', { as: 'agent', body })).status).toBe(400);
    expect(await stores.reports.list('plant')).toEqual([]);
  });

  test.for(['reader', 'writer', 'admin'])('of a %s is refused', async (as, t) => {
    const { api } = await startPlant(t);
    expect((await api.send(TARGET, { as, body: reportOf({ document: {} }) })).status).toBe(403);
  });
});
