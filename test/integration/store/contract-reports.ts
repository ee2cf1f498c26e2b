import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { OpenEmpty } from './contract.ts';
import { NOON, report } from './samples.ts';

/** The contract of reports. */
export function describeReports(open: OpenEmpty): void {
  describe('reports', () => {
    describePut(open);
    describeSuperseded(open);
    describeRaces(open);
    describeRemoval(open);
  });
}

function describePut(open: OpenEmpty): void {
  test('the first report of an agent is stored and said to be the first; the next one with its tag replaces it', async () => {
    const { reports } = (await open()).stores;
    const first = await reports.put('hall-1', report());
    expect(first).toEqual({ kind: 'stored', first: true, tag: expect.any(String) });
    expect(await reports.list('hall-1')).toEqual([report()]);
    const next = report({ sequence: 2, tag: first.tag, ready: false, receivedAt: '2026-11-23T12:00:30.000Z' });
    const second = await reports.put('hall-1', next);
    expect(second).toEqual({ kind: 'stored', first: false, tag: expect.any(String) });
    expect(second.tag).not.toBe(first.tag);
    expect(second.tag.length).toBeLessThanOrEqual(200);
    expect(await reports.list('hall-1')).toEqual([next]);
  });

  test('a report that comes twice is superseded by itself, with the tag to go on with', async () => {
    const { reports } = (await open()).stores;
    const first = await reports.put('hall-1', report());
    const again = report({ sequence: 2, tag: first.tag });
    const second = await reports.put('hall-1', again);
    expect(await reports.put('hall-1', again)).toEqual({ kind: 'superseded', tag: second.tag });
    expect(await reports.put('hall-1', report())).toEqual({ kind: 'superseded', tag: second.tag });
    expect(await reports.list('hall-1')).toEqual([again]);
  });

  test('a newer report is stored though its tag is old, missing or forged', async () => {
    const { reports } = (await open()).stores;
    const { tag } = await reports.put('hall-1', report());
    await reports.put('hall-1', report({ sequence: 2, tag }));
    for (const [index, forged] of [tag, undefined, '*', '', 'W/"x"\r\nX: y', 'ü'].entries()) {
      const newer = report({ sequence: 3 + index, tag: forged });
      expect(await reports.put('hall-1', newer)).toMatchObject({ kind: 'stored', first: false });
      expect(await reports.list('hall-1')).toEqual([newer]);
    }
  });
}

function describeSuperseded(open: OpenEmpty): void {
  test('an older report is superseded though it brings a tag that matches anything', async () => {
    const { reports } = (await open()).stores;
    await reports.put('hall-1', report({ sequence: 5 }));
    expect(await reports.put('hall-1', report({ sequence: 4, tag: '*' }))).toMatchObject({ kind: 'superseded' });
  });

  test('a run that began later holds the place of the instance until it was silent for 90 seconds', async () => {
    const { reports } = (await open()).stores;
    const later = report({ run: randomUUID(), startedAt: '2026-11-23T11:00:00Z' });
    await reports.put('hall-1', later);
    const earlier = { run: randomUUID(), startedAt: '2026-11-23T10:00:00Z', sequence: 7 };
    const early = report({ ...earlier, receivedAt: '2026-11-23T12:01:29.999Z' });
    expect(await reports.put('hall-1', early)).toMatchObject({ kind: 'superseded' });
    const late = report({ ...earlier, receivedAt: '2026-11-23T12:01:30.000Z' });
    expect(await reports.put('hall-1', late)).toMatchObject({ kind: 'stored', first: false });
  });

  test('a large report is kept whole', async () => {
    const { reports } = (await open()).stores;
    const route = {
      topicMap: 'map',
      direction: 'local-to-remote',
      lanes: { total: 1, ready: 1 },
      received: 1,
      forwarded: 1,
      dropped: {},
      inflight: 0,
    } as const;
    const routes = Array.from({ length: 1000 }, (_, n) => ({ ...route, route: `route-${n}-${'ü'.repeat(200)}` }));
    const large = { ...report(), report: { ...report().report, routes } };
    await reports.put('hall-1', large);
    expect(await reports.list('hall-1')).toEqual([large]);
  });
}

function describeRaces(open: OpenEmpty): void {
  test('of twenty first reports at once exactly one is the first, and the newest one stays', async () => {
    const { reports } = (await open()).stores;
    const all = Array.from({ length: 20 }, (_, index) => report({ sequence: index + 1 }));
    const outcomes = await Promise.all(all.map((each) => reports.put('hall-1', each)));
    expect(outcomes.filter((outcome) => outcome.kind === 'stored' && outcome.first)).toHaveLength(1);
    expect(await reports.list('hall-1')).toEqual([all.at(-1)]);
  });

  test('twenty agents at once do not disturb each other', async () => {
    const { reports } = (await open()).stores;
    const all = Array.from({ length: 20 }, (_, index) => report({ instance: String(index) }));
    const outcomes = await Promise.all(all.map((each) => reports.put('hall-1', each)));
    expect(outcomes.every((outcome) => outcome.kind === 'stored' && outcome.first)).toBe(true);
    expect(new Set(await reports.list('hall-1'))).toEqual(new Set(all));
  });
}

function describeRemoval(open: OpenEmpty): void {
  test('one agent, a connector and a site are forgotten, and nothing that is only named alike', async () => {
    const { reports } = (await open()).stores;
    const places = ['a/0', 'a/1', 'a.b/0', 'a-b/0', 'ab/0', 'b/0'].map((place) => place.split('/'));
    for (const [connector, instance] of places) await reports.put('hall-1', report({ connector, instance }));
    await reports.put('hall-2', report({ connector: 'a' }));
    const left = async (site: string) =>
      new Set((await reports.list(site)).map(({ connector, instance }) => `${connector}/${instance}`));
    await reports.remove('hall-1', 'a', '1');
    await reports.remove('hall-1', 'a', '1');
    expect(await left('hall-1')).toEqual(new Set(['a/0', 'a.b/0', 'a-b/0', 'ab/0', 'b/0']));
    await reports.remove('hall-1', 'a');
    expect(await left('hall-1')).toEqual(new Set(['a.b/0', 'a-b/0', 'ab/0', 'b/0']));
    await reports.removeSite('hall-1');
    expect(await left('hall-1')).toEqual(new Set());
    expect(await left('hall-2')).toEqual(new Set(['a/0']));
  });

  test('an agent that was forgotten is the first again, also with the tag it had', async () => {
    const { reports } = (await open()).stores;
    const { tag } = await reports.put('hall-1', report());
    await reports.remove('hall-1', 'line-1');
    const next = await reports.put('hall-1', report({ sequence: 2, tag, receivedAt: NOON }));
    expect(next).toMatchObject({ kind: 'stored', first: true });
  });
}
