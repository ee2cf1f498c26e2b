import { expect, test } from 'vitest';
import { createJudgeSite } from '../../../../functions/durable/judge-site.ts';
import { settingsSchema } from '../../../../functions/wiring/settings.ts';
import { connectorHealthSchema, eventListSchema, siteHealthSchema } from '../../../../shared/api/health.ts';
import { startApi } from '../../../support/control-plane-api.ts';
import { brokenReport, START } from '../../../support/health/reports.ts';
import { createTestSite } from '../../../support/health/site.ts';
import type { Scope } from '../../../support/scope.ts';

const settings = settingsSchema.parse({});

async function setUp(scope: Scope) {
  const site = await createTestSite(scope);
  const api = await startApi(scope, { stores: site.stores, now: site.now });
  const judge = createJudgeSite(async () => ({ stores: site.stores, settings, now: site.now }));
  return {
    site,
    judge: () => judge({ site: 'plant' }),
    get: (path: string) => api.send(`GET /api/${path}`, { as: 'reader' }),
  };
}

test('a site and connector are Unknown before the first judgement', async (t) => {
  const { site, get } = await setUp(t);
  await site.define({ c: 1 });
  const whole = await get('sites/plant/health');
  expect([whole.status, siteHealthSchema.parse(whole.json)]).toMatchObject([
    200,
    { verdict: 'Unknown', connectors: [] },
  ]);
  const one = await get('sites/plant/connectors/c/health');
  const connector = connectorHealthSchema.parse(one.json);
  expect(connector).toMatchObject({ verdict: 'Unknown', reasons: [{ reason: 'NeverReported' }], timeline: [] });
  expect(connector.judgedAt).toBeUndefined();
});

test('health has verdict, reasons, instances, routes with counters and the time line', async (t) => {
  const { site, judge, get } = await setUp(t);
  await site.define({ c: 1, d: 2 });
  await site.report();
  await site.report({ instances: { standing: 'joined', slots: [0, 1], total: 2 } }, { connector: 'd', instance: '0' });
  await judge();
  const whole = siteHealthSchema.parse((await get('sites/plant/health')).json);
  expect(whole).toMatchObject({
    verdict: 'Healthy',
    judgedAt: new Date(START).toISOString(),
    connectors: [
      { connector: 'c', verdict: 'Healthy', instances: { wanted: 1, healthy: 1 }, routes: { total: 1, healthy: 1 } },
      { connector: 'd', verdict: 'Healthy', instances: { wanted: 2, healthy: 1 } },
    ],
  });
  site.time += 60_000;
  await site.report(brokenReport());
  await judge();
  const one = await get('sites/plant/connectors/c/health');
  expect(one.headers['cache-control']).toBe('no-store');
  expect(connectorHealthSchema.parse(one.json)).toMatchObject({
    verdict: 'Unhealthy',
    desiredRevision: 'r1',
    since: new Date(START + 60_000).toISOString(),
    reasons: [{ reason: 'ConnectionRefused', fix: 'mend it', side: 'remote' }],
    instances: [{ instance: 'all', verdict: 'Unhealthy', version: '0.1.0', revision: 'r1' }],
    routes: [{ topicMap: 'map', route: 'up', verdict: 'Unhealthy', received: 10, forwarded: 9, dropped: 1 }],
    timeline: [{ to: 'Unhealthy' }, { to: 'Unhealthy' }, { to: 'Unhealthy' }, {}, {}, {}, {}],
  });
  expect((await get('sites/plant/health')).json).toMatchObject({
    verdict: 'Stale',
    reasons: [{ reason: 'ConnectionRefused' }, { reason: 'AgentSilent', message: expect.stringContaining('d: ') }],
  });
});

test('events are paged, newest first, and picked by connector and time', async (t) => {
  const { site, judge, get } = await setUp(t);
  await site.define({ c: 1, d: 1 });
  await site.report();
  await judge();
  site.time += 3_600_000;
  await judge();
  const all = eventListSchema.parse((await get('sites/plant/events')).json).items;
  expect(all.length).toBeGreaterThan(5);
  expect(all.map(({ at }) => at)).toEqual(
    all
      .map(({ at }) => at)
      .sort()
      .toReversed(),
  );
  const first = eventListSchema.parse((await get('sites/plant/events?limit=2')).json);
  const second = eventListSchema.parse((await get(`sites/plant/events?limit=500&continue=${first.continue}`)).json);
  expect([...first.items, ...second.items]).toEqual(all);
  const since = eventListSchema.parse(
    (await get(`sites/plant/events?since=${new Date(site.time).toISOString()}`)).json,
  );
  expect(since.items.map(({ type }) => type).sort()).toEqual(['InstanceChanged', 'VerdictChanged']);
  const other = eventListSchema.parse((await get('sites/plant/events?connector=d')).json);
  expect(other.items.map(({ type }) => type)).toEqual(['DefinitionChanged']);
});

test.each([
  ['sites/nowhere/health', 404],
  ['sites/nowhere/events', 404],
  ['sites/plant/connectors/nothing/health', 404],
  ['sites/plant/connectors/constructor/health', 404],
  ['sites/plant/events?since=yesterday', 400],
  ['sites/plant/events?continue=AAAA', 400],
  ['sites/plant/events?limit=0', 400],
  ['sites/Plant/health', 400],
])('GET %s is answered with a problem, %i', async (path, status) => {
  const scope = { onTestFinished: (cleanUp: () => void | Promise<void>) => cleanUps.push(cleanUp) };
  const cleanUps: (() => void | Promise<void>)[] = [];
  const { site, judge, get } = await setUp(scope);
  await site.define({ c: 1 });
  await judge();
  const answer = await get(path);
  expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

test('a removed site has no health, also when a judgement that was under way has written after it', async (t) => {
  const { site, judge, get } = await setUp(t);
  await site.define({ c: 1 });
  await judge();
  await site.stores.bridges.removeSite('plant');
  expect(await site.stores.health.read('plant')).toBeDefined();
  for (const path of ['health', 'connectors/c/health', 'events']) {
    expect([path, (await get(`sites/plant/${path}`)).status]).toEqual([path, 404]);
  }
});
