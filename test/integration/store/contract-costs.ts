import { describe, expect, test } from 'vitest';
import type { OpenEmpty } from './contract.ts';
import { change, event, NOON, report } from './samples.ts';

/** What the cost model builds on: storage operations per call, where there are tables already. */
export function describeCosts(open: OpenEmpty): void {
  describe('costs', () => {
    test('a report with nothing new costs two operations, the first one of an agent three', async () => {
      const { stores, counter } = await open();
      const { bridges, reports } = stores;
      await bridges.commit('hall-1', change(1, { 'line-1': {} }), undefined);
      await reports.put('hall-1', report({ instance: '1' }));
      counter.reset();
      await bridges.readDesired('hall-1', 'line-1');
      const { tag } = await reports.put('hall-1', report());
      expect(counter.total()).toBeLessThanOrEqual(3);
      counter.reset();
      await bridges.readDesired('hall-1', 'line-1');
      await reports.put('hall-1', report({ sequence: 2, tag }));
      expect(counter.total()).toBe(2);
    });

    test('a change of one resource costs one operation per new document and one for the head', async () => {
      const { stores, counter } = await open();
      const { bridges } = stores;
      const both = change(1, { 'line-1': { a: 1 }, 'line-2': { a: 1 } });
      const first = await bridges.commit('hall-1', both, undefined);
      counter.reset();
      const next = change(2, { 'line-1': { a: 2 }, 'line-2': { a: 1 } });
      const documents = new Map([...next.documents].filter(([hash]) => !both.documents.has(hash)));
      await bridges.commit('hall-1', { ...next, documents }, first.kind === 'committed' ? first.tag : undefined);
      expect(counter.total()).toBeLessThanOrEqual(2);
      expect((await bridges.readHead('hall-1'))?.generation).toBe(2);
    });

    test('what health reads and writes costs one operation each, however many events there are', async () => {
      const { stores, counter } = await open();
      const { health, reports } = stores;
      await health.addEvents('hall-1', [event('first', 0)]);
      await health.write('hall-1', {}, undefined);
      for (const instance of ['0', '1', '2']) await reports.put('hall-1', report({ instance }));
      const costs: Record<string, number> = {};
      const cost = async (name: string, operation: () => Promise<unknown>) => {
        counter.reset();
        await operation();
        costs[name] = counter.total();
      };
      const events = Array.from({ length: 100 }, (_, n) => event(`e-${n}`, -n));
      await cost('list of reports', () => reports.list('hall-1'));
      await cost('read', () => health.read('hall-1'));
      await cost('write', async () => health.write('hall-1', { n: 1 }, 'forged'));
      await cost('a hundred events', () => health.addEvents('hall-1', events));
      await cost('the same again', () => health.addEvents('hall-1', [events[0]]));
      await cost('page', () => health.listEvents('hall-1', { limit: 20 }));
      await cost('nothing to prune', () => health.pruneEvents('hall-1', event('', -1000).at));
      expect(Math.max(...Object.values(costs)), JSON.stringify(costs)).toBe(1);
      await cost('prune', () => health.pruneEvents('hall-1', NOON));
      expect(costs['prune']).toBeLessThanOrEqual(2);
    });
  });
}
