import { expect, test } from 'vitest';
import { instanceLine } from '../../../../local/demo/lines.ts';
import { mergeInstances } from '../../../../local/demo/merge.ts';
import { countsOf, routeOf, sessionOf, snapshotOf } from '../../agent/observe/snapshot-of.ts';

const part = (ready: number, forwarded: number, dropped: Record<string, number>) =>
  snapshotOf({
    routes: [
      routeOf({ route: 'down', direction: 'remote-to-local' }),
      routeOf({ lanes: { total: 1, ready }, counters: countsOf({ forwarded, dropped }) }),
    ],
  });

test('two instances are shown as one, local-to-remote routes first', () => {
  const merged = mergeInstances([part(1, 5, { TooLarge: 1 }), part(0, 2, { TooLarge: 1, Loop: 4 })]);
  expect(merged?.routes.map(({ route }) => route)).toEqual(['up', 'down']);
  expect(merged?.routes[0]).toMatchObject({
    lanes: { total: 2, ready: 1 },
    counters: { forwarded: 7, dropped: { TooLarge: 2, Loop: 4 } },
  });
  expect(merged?.sessions).toHaveLength(part(1, 0, {}).sessions.length * 2);
});

test('without an instance that answers there is nothing to show', () => {
  expect(mergeInstances([])).toBeUndefined();
});

test('an instance is shown in one line', () => {
  const fault = { reason: 'QuotaExceeded', message: '' };
  const remote = sessionOf({ side: 'remote', clientId: 'x/y-1', state: 'waiting', fault });
  expect(instanceLine({ instance: 1, running: true, status: snapshotOf({ sessions: [remote] }) })).toBe(
    'instance 1: slot 1 waiting (QuotaExceeded)',
  );
  expect(instanceLine({ instance: 0, running: true })).toBe('instance 0: starting');
  expect(instanceLine({ instance: 0, running: false })).toBe('instance 0: not running');
});
