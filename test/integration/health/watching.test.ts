import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { healSites } from '../../../functions/durable/heal.ts';
import { brokenReport } from '../../support/health/reports.ts';
import { timelineOf } from '../../support/health/site.ts';
import { createWatchedSite, type WatchedSite } from '../../support/health/watched-site.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

async function verdictsOf({ site }: WatchedSite): Promise<string[]> {
  return (await timelineOf(site)).filter((entry) => entry.startsWith('VerdictChanged')).map((entry) => entry.slice(15));
}

describe('the health orchestration', () => {
  test('watches for thirty days with a small history, and forgets what is older', async (t) => {
    const watched = await createWatchedSite(t, { intervalSeconds: 3_600 });
    await watched.site.define({ c: 1 });
    const agent = watched.agent();
    await watched.trigger.ensure('plant');
    await watched.pass(DAY);
    for (let day = 1; day < 32; day++) {
      // Broken for two hours of each day.
      agent.says = brokenReport();
      await watched.pass(2 * HOUR);
      agent.says = {};
      await watched.pass(22 * HOUR);
      const { runtimeStatus, historyEvents, input } = await watched.status();
      expect({ runtimeStatus, input }).toMatchObject({
        runtimeStatus: 'Running',
        input: { site: 'plant', delivery: { through: day * 2, failures: 0, after: 0 } },
      });
      expect(historyEvents?.length).toBeLessThan(40);
    }
    expect(watched.alerts.map(({ number }) => number)).toEqual(Array.from({ length: 62 }, (_, number) => number + 1));
    const timeline = await timelineOf(watched.site);
    expect(timeline).not.toContain('DefinitionChanged r1');
    const verdicts = await verdictsOf(watched);
    expect(verdicts.filter((verdict) => verdict === 'Unhealthy').length).toBeGreaterThanOrEqual(29);
    expect(new Set(verdicts)).toEqual(new Set(['Unhealthy', 'Healthy']));
  });

  test('makes one Degraded and no storm of a connector that flaps every five seconds', async (t) => {
    const watched = await createWatchedSite(t);
    await watched.site.define({ c: 1 });
    await watched.trigger.ensure('plant');
    for (let at = 0; at < 1_200; at += 5) {
      await watched.site.report(at % 10 === 0 ? {} : brokenReport());
      await watched.trigger.hint('plant');
      await watched.pass(5 * SECOND);
    }
    expect(await verdictsOf(watched)).toEqual(['Healthy', 'Unhealthy']);
    expect(watched.alerts).toHaveLength(1);
    expect(watched.judgements).toBeLessThanOrEqual(1_200 / 7.5 + 1);
  });

  test.each([0, 1, 7, 13, 22, 29.9])(
    'notices an agent that falls silent after a phase of %d s within 1.5 intervals',
    async (phase) => {
      const cleanUps: (() => void | Promise<void>)[] = [];
      const watched = await createWatchedSite({ onTestFinished: (cleanUp) => cleanUps.push(cleanUp) });
      await watched.site.define({ c: 2 });
      const says = (slot: number) => ({ instances: { standing: 'joined' as const, slots: [slot], total: 2 } });
      watched.agent({ instance: '0', says: says(0) });
      const dying = watched.agent({ instance: '1', phase: phase * SECOND, says: says(1) });
      await watched.trigger.ensure('plant');
      await watched.pass(300 * SECOND + phase * SECOND);
      dying.stop();
      expect(await verdictsOf(watched)).toEqual(['Healthy']);
      await watched.pass(37 * SECOND);
      expect(await verdictsOf(watched)).toEqual(['Healthy']);
      await watched.pass(8 * SECOND);
      expect(await verdictsOf(watched)).toEqual(['Healthy', 'Degraded']);
      for (const cleanUp of cleanUps.toReversed()) await cleanUp();
    },
  );

  test('is not moved by reports that come late, twice and in disorder', async (t) => {
    const watched = await createWatchedSite(t);
    await watched.site.define({ c: 1 });
    await watched.trigger.ensure('plant');
    const { site } = watched;
    const delays = [0, 6, 1, 7, 3, 0, 5, 2];
    await site.report();
    for (let beat = 1; beat < 100; beat++) {
      const delay = (delays[beat % delays.length] ?? 0) * SECOND;
      await watched.pass(30 * SECOND - (delays[(beat - 1) % delays.length] ?? 0) * SECOND + delay);
      await site.report();
      // An older one, with another content, arrives behind it.
      const [stored] = await site.stores.reports.list('plant');
      if (stored)
        await site.stores.reports.put('plant', {
          ...stored,
          report: { ...brokenReport(), sequence: stored.report.sequence - 1 },
        });
      if (stored) await site.stores.reports.put('plant', stored);
      await watched.trigger.hint('plant');
    }
    expect(await verdictsOf(watched)).toEqual(['Healthy']);
  });

  test('goes on where a killed host stopped, whatever it wrote down last, and tells nothing twice', async (t) => {
    const story = async (commits: number) => {
      const file = join(await createTempDir(t, 'hub'), 'hub.sqlite');
      const watched = await createWatchedSite(t, { file });
      await watched.site.define({ c: 1 });
      const agent = watched.agent();
      await watched.trigger.ensure('plant');
      if (Number.isFinite(commits)) await watched.kill(commits);
      for (let step = 0; step < 24; step++) {
        agent.says = step % 12 < 6 ? {} : brokenReport();
        await watched.pass(20 * SECOND);
      }
      // An alert may be sent twice, with the same identifier.
      return {
        deaths: watched.deaths,
        timeline: await timelineOf(watched.site),
        alerts: [...new Set(watched.alerts.map(({ id }) => id))],
      };
    };
    const undisturbed = await story(Number.POSITIVE_INFINITY);
    expect(undisturbed).toMatchObject({ deaths: 0, alerts: [{}, {}, {}].map(() => expect.any(String)) });
    for (const commits of [1, 2, 3, 5]) {
      const { deaths, ...told } = await story(commits);
      expect(deaths).toBeGreaterThan(20);
      expect(told).toEqual({ timeline: undisturbed.timeline, alerts: undisturbed.alerts });
    }
  });

  test('is started once by twenty first reports at once', async (t) => {
    const watched = await createWatchedSite(t);
    await watched.site.report();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        await watched.trigger.ensure('plant');
        await watched.trigger.hint('plant');
      }),
    );
    await watched.pass(1);
    expect(watched.judgements).toBe(1);
    expect((await watched.status()).runtimeStatus).toBe('Running');
  });

  test('ends when its site is removed, and is started anew with it', async (t) => {
    const watched = await createWatchedSite(t);
    const { stores } = watched.site;
    await watched.site.define({ c: 1 });
    await watched.site.report();
    await watched.trigger.ensure('plant');
    await watched.pass(30 * SECOND);
    await stores.reports.removeSite('plant');
    await stores.health.removeSite('plant');
    await stores.bridges.removeSite('plant');
    await watched.trigger.hint('plant');
    await watched.pass(30 * SECOND);
    expect((await watched.status()).runtimeStatus).toBe('Completed');
    expect(await timelineOf(watched.site)).toEqual([]);
    await watched.site.define({ c: 1 });
    await watched.trigger.ensure('plant');
    await watched.pass(SECOND);
    expect(await timelineOf(watched.site)).toEqual(['DefinitionChanged r1']);
  });

  test('is healed by the timer when the store was away for longer than it is patient', async (t) => {
    const watched = await createWatchedSite(t);
    const { site } = watched;
    await site.define({ c: 1 });
    const away = vi.spyOn(site.stores.bridges, 'readHead').mockRejectedValue(new Error('away'));
    await watched.trigger.ensure('plant');
    await watched.pass(HOUR);
    expect((await watched.status()).runtimeStatus).toBe('Failed');
    away.mockRestore();
    await healSites(site.stores.bridges, watched.client, undefined);
    await watched.pass(SECOND);
    expect((await watched.status()).runtimeStatus).toBe('Running');
    expect(await timelineOf(site)).toEqual(['DefinitionChanged r1']);
  });
});

test('wake-ups of a site do not grow with its agents', async (t) => {
  const wakes: string[] = [];
  for (const agents of [1, 10, 50]) {
    const watched = await createWatchedSite(t);
    await watched.site.define({ c: agents });
    for (let instance = 0; instance < agents; instance++) {
      const says = { instances: { standing: 'joined' as const, slots: [instance], total: agents } };
      watched.agent({ instance: String(instance), phase: (instance * 30_000) / agents, says });
    }
    await watched.trigger.ensure('plant');
    await watched.pass(HOUR / 3);
    expect(await verdictsOf(watched)).toEqual(['Healthy']);
    expect(watched.judgements).toBeLessThanOrEqual(1_200 / 7.5 + 1);
    wakes.push(`${agents} agents: ${watched.judgements * 72}`);
  }
  console.log(`wake-ups per site and day at reports each 30 s: ${wakes.join(', ')}`);
});
