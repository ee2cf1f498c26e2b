import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  dailyCost,
  type Fleet,
  JUDGEMENT,
  judgementsPerInterval,
  STORE,
  sumOf,
  TRANSITION,
} from '../../../bench/control-plane/cost.ts';
import { costSection, costTable } from '../../../bench/control-plane/cost-table.ts';
import { replaceSection } from '../../../bench/report/section.ts';
import type { Scope } from '../../support/scope.ts';
import { brokenReport } from '../../support/health/reports.ts';
import { ROOT } from '../docs/pages.ts';
import { type CountedPlane, createCountedPlane } from './counted-plane.ts';

const NOON = Date.parse('2026-11-23T12:00:00Z');
const HOUR = 3600;
const DAY = 24 * HOUR;
const WARM_UP = 600;

/** A fleet that has come up, with nothing counted yet. */
async function settledFleet(
  scope: Scope,
  { agents, sites }: Pick<Fleet, 'agents' | 'sites'>,
  start = NOON,
  every?: number,
) {
  const plane = await createCountedPlane(scope, start);
  const perSite = agents / sites;
  const fleet = [];
  for (let site = 0; site < sites; site++) fleet.push(...(await plane.addSite(`site-${site}`, perSite, every)));
  await plane.pass(WARM_UP);
  plane.reset();
  return { plane, fleet };
}

function storeOf({ store }: CountedPlane, ...areas: readonly string[]): number {
  const counts = Object.entries(store.byKind()).filter(([name]) => areas.some((area) => name.startsWith(`${area}.`)));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

const FLEETS = [
  [1, 1],
  [3, 1],
  [6, 2],
  [7, 1],
  [22, 2],
] as const;

describe('the cost model', () => {
  for (const [agents, sites] of FLEETS) {
    test(`is what a fleet costs, to one judgement of each site: ${agents} of ${sites}`, async (t) => {
      const { plane } = await settledFleet(t, { agents, sites });
      const window = agents > 10 ? HOUR / 2 : HOUR;
      const days = window / DAY;
      await plane.pass(window);
      const model = dailyCost({ agents, sites, intervalSeconds: 30, processes: 1 });
      const { reports, turns, judgements } = plane.executions;
      expect(reports).toBe(model.executions.reports * days);
      const expected = model.executions.health * days;
      expect(Math.abs(turns + judgements - expected)).toBeLessThanOrEqual(sites * sumOf(JUDGEMENT));
      expect(Math.abs(storeOf(plane, 'grants') - model.store.grants * days)).toBeLessThanOrEqual(sites);
      const cleaning = sites * STORE.perSiteAndDay;
      const others = plane.store.total() - storeOf(plane, 'grants');
      const modelled = (model.store.reports + model.store.health - cleaning) * days;
      expect(Math.abs(others - modelled)).toBeLessThanOrEqual(sites * STORE.perJudgement);
    });
  }

  test('knows what the first judgement of a day costs besides', async (t) => {
    const { plane } = await settledFleet(t, { agents: 1, sites: 1 }, NOON + 12 * HOUR * 1000 - 20 * 60_000);
    await plane.pass(1200);
    const { reports, judgements } = plane.executions;
    const usual = reports * STORE.perReport + judgements * STORE.perJudgement + storeOf(plane, 'grants');
    expect(plane.store.total() - usual).toBe(STORE.perSiteAndDay - 1);
  });

  test('knows that a report with nothing new costs two operations, and those are they', async (t) => {
    const { plane } = await settledFleet(t, { agents: 1, sites: 1 });
    while (plane.executions.reports === 0) {
      plane.reset();
      await plane.pass(1);
    }
    expect(plane.store.byKind()).toEqual({ 'bridges.read': 1, 'reports.write': 1 });
    expect(plane.store.total()).toBe(STORE.perReport);
  });

  test('knows what healing costs', async (t) => {
    const { plane } = await settledFleet(t, { agents: 2, sites: 2 });
    await plane.heal();
    expect(plane.store.byKind()).toEqual({ 'sites.query': STORE.perHealing });
    expect(plane.executions.turns).toBe(0);
  });

  test('is right that health costs no more when agents report more often', async (t) => {
    const turns: number[] = [];
    for (const every of [30, 10, 5]) {
      const { plane } = await settledFleet(t, { agents: 2, sites: 1 }, NOON, every);
      await plane.pass(HOUR / 4);
      expect(plane.executions.reports).toBe((2 * HOUR) / 4 / every);
      turns.push(plane.executions.turns);
    }
    expect(turns.toSorted((a, b) => b - a)).toEqual(turns);
  });

  test('is right that health of a site costs no more than the rest allows, however many agents it has', async (t) => {
    const { plane } = await settledFleet(t, { agents: 40, sites: 1 });
    await plane.pass(HOUR / 8);
    const intervals = HOUR / 8 / 30;
    expect(plane.executions.judgements).toBeLessThanOrEqual(4 * intervals + 1);
    expect(Math.max(...[1, 2, 5, 10, 1000, 1e6].map(judgementsPerInterval))).toBeLessThanOrEqual(4);
  });

  test.each([1, 3])('bounds what changes of one agent of %d cost beyond that', async (agents) => {
    const { plane, fleet } = await settledFleet({ onTestFinished }, { agents, sites: 1 });
    const changes = 8;
    const { ready, sessions, routes } = brokenReport();
    let judgedBroken = 0;
    for (let change = 0; change < changes; change++) {
      const isBroken = change % 2 === 0;
      for (const agent of fleet.slice(0, 1)) agent.says = isBroken ? { ready, sessions, routes } : {};
      const before = plane.executions.judgements;
      await plane.pass(HOUR / changes);
      if (isBroken) judgedBroken += plane.executions.judgements - before;
    }
    const model = dailyCost({ agents, sites: 1, intervalSeconds: 30, processes: 1 });
    const { turns, judgements } = plane.executions;
    const executions = turns + judgements - model.executions.health / 24;
    expect(executions).toBeLessThanOrEqual(changes * TRANSITION.judgements * sumOf(JUDGEMENT));
    const operations = storeOf(plane, 'bridges', 'reports', 'health', 'events') - sumOf(model.store) / 24;
    expect(operations).toBeLessThanOrEqual(changes * TRANSITION.storeOperations);
    expect(storeOf(plane, 'events')).toBeGreaterThanOrEqual(changes);
    const lookups = judgedBroken * STORE.perSessionDown;
    expect(Math.abs(storeOf(plane, 'sessions') - lookups)).toBeLessThanOrEqual(changes * STORE.perSessionDown);
  });

  test('has a table, and that is what the page of benchmarks says', async () => {
    const table = costTable();
    expect(table.rows.find(([name]) => name === 'executions: reports')).toContain('28,800,000');
    const page = await readFile(join(ROOT, 'docs/benchmarks.md'), 'utf8');
    expect(replaceSection(page, 'control-plane-cost', costSection(table))).toBe(page);
  });
});
