import { describe, expect, test } from 'vitest';
import type { OpenEmpty } from './contract.ts';
import { event, NOON } from './samples.ts';

/** The contract of judgements and time lines. */
export function describeHealth(open: OpenEmpty): void {
  describe('health', () => {
    describeState(open);
    describeEvents(open);
    describePages(open);
  });
}

function describeState(open: OpenEmpty): void {
  test('a judgement is written over the one that was read, and over no other', async () => {
    const { health } = (await open()).stores;
    expect(await health.read('hall-1')).toBeUndefined();
    expect(await health.write('hall-1', { n: 1 }, 'forged')).toBe(false);
    expect(await health.write('hall-1', { n: 1 }, undefined)).toBe(true);
    expect(await health.write('hall-1', { n: 2 }, undefined)).toBe(false);
    const first = await health.read('hall-1');
    expect(first?.state).toEqual({ n: 1 });
    expect(await health.write('hall-1', { n: 3 }, first?.tag)).toBe(true);
    expect(await health.write('hall-1', { n: 4 }, first?.tag)).toBe(false);
    expect(await health.write('hall-1', { n: 5 }, '*')).toBe(false);
    expect((await health.read('hall-1'))?.state).toEqual({ n: 3 });
    expect(await health.read('hall-2')).toBeUndefined();
  });

  test('of twenty judgements at once exactly one is written', async () => {
    const { health } = (await open()).stores;
    await health.write('hall-1', { n: 0 }, undefined);
    const tag = (await health.read('hall-1'))?.tag;
    const written = await Promise.all(Array.from({ length: 20 }, (_, n) => health.write('hall-1', { n }, tag)));
    expect(written.filter(Boolean)).toHaveLength(1);
  });

  test('a large judgement is kept', async () => {
    const { health } = (await open()).stores;
    const state = { lines: Array.from({ length: 5000 }, (_, n) => `line-${n} is quite well today`) };
    await health.write('hall-1', state, undefined);
    expect((await health.read('hall-1'))?.state).toEqual(state);
  });

  test('a removed site has neither judgement nor events', async () => {
    const { health } = (await open()).stores;
    for (const site of ['hall-1', 'hall-2']) {
      await health.write(site, {}, undefined);
      await health.addEvents(site, events);
    }
    await health.removeSite('hall-1');
    expect(await health.read('hall-1')).toBeUndefined();
    expect(await health.listEvents('hall-1', { limit: 10 })).toEqual({ items: [] });
    expect(await health.read('hall-2')).toBeDefined();
    expect((await health.listEvents('hall-2', { limit: 10 })).items).toHaveLength(events.length);
  });
}

const events = [event('e', 3), event('d', 2), event('b', 1), event('c', 1, 'line-2'), event('a', 0)];

function describeEvents(open: OpenEmpty): void {
  test('events come newest first, those of one millisecond by id, and only once', async () => {
    const { health } = (await open()).stores;
    await health.addEvents('hall-1', []);
    await health.addEvents('hall-1', [events[4], events[1], events[1]]);
    await health.addEvents('hall-1', [{ ...events[1], to: 'Healthy' }, ...events]);
    await health.addEvents('hall-1', [events[0]]);
    expect(await health.listEvents('hall-1', { limit: 10 })).toEqual({ items: events });
    expect(await health.listEvents('hall-2', { limit: 10 })).toEqual({ items: [] });
  });

  test('events before a time are pruned and counted, hundreds of them too', async () => {
    const { health } = (await open()).stores;
    const many = Array.from({ length: 250 }, (_, n) => event(`old-${n}`, -1 - n));
    await health.addEvents('hall-1', [...many, ...events]);
    await health.addEvents('hall-2', [event('x', -1)]);
    expect(await health.pruneEvents('hall-1', NOON)).toBe(250);
    expect(await health.pruneEvents('hall-1', NOON)).toBe(0);
    expect((await health.listEvents('hall-1', { limit: 10 })).items).toEqual(events);
    expect((await health.listEvents('hall-2', { limit: 10 })).items).toHaveLength(1);
  });
}

function describePages(open: OpenEmpty): void {
  test('pages join without gap and overlap, also when events are added between them', async () => {
    const { health } = (await open()).stores;
    await health.addEvents('hall-1', events);
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await health.listEvents('hall-1', { limit: 2, ...(token ? { continue: token } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      token = page.continue;
      await health.addEvents('hall-1', [event(`later-${seen.length}`, 1000)]);
    } while (token);
    expect(seen.join('')).toBe('edbca');
  });

  test('events are chosen by connector and by time, that time included', async () => {
    const { health } = (await open()).stores;
    await health.addEvents('hall-1', events);
    await health.addEvents('hall-1', [event('f', 4, 'line-22')]);
    const of = async (query: { connector?: string; since?: string }) =>
      (await health.listEvents('hall-1', { limit: 10, ...query })).items.map(({ id }) => id).join('');
    expect(await of({ connector: 'line-2' })).toBe('c');
    expect(await of({ connector: "' or RowKey ne '" })).toBe('');
    expect(await of({ since: event('', 2).at })).toBe('fed');
    expect(await of({ since: NOON.replace('.000', '') })).toBe('fedbca');
    expect(await of({ connector: 'line-1', since: event('', 1).at })).toBe('edb');
    const first = await health.listEvents('hall-1', { limit: 1, connector: 'line-1', since: event('', 2).at });
    const rest = { limit: 5, connector: 'line-1', since: event('', 2).at, continue: first.continue ?? '' };
    expect((await health.listEvents('hall-1', rest)).items).toEqual([events[1]]);
  });
}
