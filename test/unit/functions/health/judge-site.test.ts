import { expect, it } from 'vitest';
import type { HealthDeps } from '../../../../functions/durable/health-deps.ts';
import { createJudgeSite } from '../../../../functions/durable/judge-site.ts';
import { NOTHING_DELIVERED } from '../../../../functions/durable/publish-alerts.ts';
import { readHealthState } from '../../../../shared/health/state.ts';
import { settingsSchema } from '../../../../functions/wiring/settings.ts';
import { brokenReport } from '../../../support/health/reports.ts';
import { createTestSite, type TestSite, timelineOf } from '../../../support/health/site.ts';

const settings = settingsSchema.parse({});
const publishAlerts = async () => undefined;

function judgeOf({ stores, now }: TestSite, deps: Partial<HealthDeps> = {}) {
  return createJudgeSite(async () => ({ stores, settings, now, publishAlerts, ...deps }));
}

async function stateOf({ stores, site }: TestSite) {
  return readHealthState((await stores.health.read(site))?.state);
}

it('judges, keeps the state, writes the time line and says when to come again', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report();
  const answer = await judgeOf(site)({ site: 'plant' });
  expect(answer).toEqual({
    site: 'plant',
    gone: false,
    restMs: 7_500,
    sleepMs: 37_500,
    alerts: [],
    delivery: NOTHING_DELIVERED,
  });
  expect((await stateOf(site))?.connectors['c']?.verdict).toBe('Healthy');
  const expected = ['DefinitionChanged r1', 'VerdictChanged Healthy', 'InstanceChanged Healthy', 'RevisionApplied r1'];
  expect((await timelineOf(site)).sort()).toEqual(expected.sort());
});

it('does nothing twice when it is repeated', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report(brokenReport());
  const judge = judgeOf(site);
  const first = await judge({ site: 'plant' });
  const timeline = await timelineOf(site);
  expect(await judge({ site: 'plant' })).toEqual(first);
  expect(await timelineOf(site)).toEqual(timeline);
  expect(first.alerts).toMatchObject([[{ number: 1, type: 'MqttBridge.Connector.Degraded' }]]);
  const delivery = { through: 1, failures: 0, after: 0 };
  expect(await judge({ site: 'plant', delivery })).toMatchObject({ alerts: [], delivery });
});

it('writes afterwards what a process that died had only judged', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report();
  const dying = { ...site.stores.health, addEvents: () => Promise.reject(new Error('killed')) };
  await expect(judgeOf(site, { stores: { ...site.stores, health: dying } })({ site: 'plant' })).rejects.toThrow(
    'killed',
  );
  expect(await timelineOf(site)).toEqual([]);
  await judgeOf(site)({ site: 'plant' });
  expect(await timelineOf(site)).toHaveLength(4);
});

it('judges again when somebody else has judged in the meantime', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report();
  const { health } = site.stores;
  let races = 0;
  const write: typeof health.write = async (...given) => {
    if (races++ === 0) await judgeOf(site)({ site: 'plant' });
    return health.write(...given);
  };
  await judgeOf(site, { stores: { ...site.stores, health: { ...health, write } } })({ site: 'plant' });
  expect(races).toBe(2);
  expect(await timelineOf(site)).toHaveLength(4);
});

it('says that a removed site is gone, and leaves nothing of it', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report();
  const judge = judgeOf(site);
  await judge({ site: 'plant' });
  await site.stores.reports.removeSite('plant');
  await site.stores.bridges.removeSite('plant');
  expect(await judge({ site: 'plant' })).toMatchObject({ gone: true });
  expect(await site.stores.health.read('plant')).toBeUndefined();
  expect(await timelineOf(site)).toEqual([]);
});

it('watches a site on which agents report though nothing is defined', async (t) => {
  const site = await createTestSite(t);
  await site.report();
  expect(await judgeOf(site)({ site: 'plant' })).toMatchObject({ gone: false });
  expect((await stateOf(site))?.connectors['c']).toMatchObject({
    verdict: 'Unknown',
    reasons: [{ reason: 'NotDefined' }],
  });
});

it('keeps 30 days of the time line', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report();
  const judge = judgeOf(site);
  await judge({ site: 'plant' });
  site.time += 29 * 86_400_000;
  await judge({ site: 'plant' });
  expect(await timelineOf(site)).toContain('DefinitionChanged r1');
  site.time += 2 * 86_400_000;
  await judge({ site: 'plant' });
  expect(await timelineOf(site)).toEqual(['InstanceChanged Stale', 'VerdictChanged Stale']);
});

it('gives alerts out in small numbers, so that no history grows large', async (t) => {
  const site = await createTestSite(t);
  const names = Array.from({ length: 45 }, (_, number) => `c${number}`);
  await site.define(Object.fromEntries(names.map((name) => [name, 1])));
  for (const connector of names) await site.report(brokenReport(), { connector });
  const judge = judgeOf(site);
  const seen = new Set<string>();
  for (let through = 0, rounds = 0; rounds < 3; rounds++) {
    const delivery = { through, failures: 0, after: 0 };
    const { alerts, sleepMs, restMs } = await judge({ site: 'plant', delivery });
    for (const { connector } of alerts[0] ?? []) seen.add(connector);
    expect(alerts[0]?.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(alerts).length).toBeLessThan(20_000);
    expect(sleepMs === restMs).toBe(rounds < 2);
    through = alerts[0]?.at(-1)?.number ?? 0;
  }
  expect(seen.size).toBe(45);
});

it('tries alerts again that failed, but not at once', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report(brokenReport());
  const judge = judgeOf(site);
  await judge({ site: 'plant' });
  const delivery = { through: 0, failures: 1, after: site.time + 10_000 };
  expect(await judge({ site: 'plant', delivery })).toMatchObject({ alerts: [], sleepMs: 10_000 });
  site.time += 10_000;
  expect((await judge({ site: 'plant', delivery })).alerts).toHaveLength(1);
});

it('is done with alerts where nobody wants them', async (t) => {
  const site = await createTestSite(t);
  await site.define({ c: 1 });
  await site.report(brokenReport());
  const judge = judgeOf(site, { publishAlerts: undefined });
  const { alerts, delivery } = await judge({ site: 'plant' });
  expect([alerts, delivery.through]).toEqual([[], 1]);
  await judge({ site: 'plant', delivery });
  expect((await stateOf(site))?.outbox.alerts).toEqual([]);
});
