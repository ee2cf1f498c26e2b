import { describe, expect, test } from 'vitest';
import { fit, renderLine, renderTable } from '../../../../local/demo/table.ts';
import { countsOf, routeOf, sessionOf, snapshotOf } from '../../agent/observe/snapshot-of.ts';

const bounds = [0.001, 0.01, 1];
const latency = (...counts: number[]) => ({ bounds, counts, sum: 1 });

const before = snapshotOf({
  routes: [routeOf({ counters: countsOf({ forwarded: 100, dropped: {}, latency: latency(100, 0, 0, 0) }) })],
});
const now = snapshotOf({
  routes: [
    routeOf({ counters: countsOf({ forwarded: 150, dropped: { TooLarge: 3 }, latency: latency(100, 48, 2, 0) }) }),
    routeOf({
      route: 'commands',
      direction: 'remote-to-local',
      source: 'commands/#',
      target: 'in/${inputTopic}',
      lanes: { total: 3, ready: 1 },
      counters: countsOf({ forwarded: 0, dropped: {}, latency: latency(0, 0, 0, 0) }),
    }),
  ],
});

describe('table of the demo', () => {
  test('shows what happened between two looks', () => {
    expect(renderTable({ before, now, seconds: 2 })).toEqual([
      'ROUTE     MSG/S  FORWARDED  DROPPED     P50     P95  STATE      FLOW',
      'up           25        150        3  ≤10 ms  ≤10 ms  running    local telemetry/# → remote (same topic)',
      'commands      0          0        0       -       -  1/3 lanes  remote commands/# → local in/${inputTopic}',
      '',
      'sessions: local 1/1 connected, remote 1/1 connected',
      'configuration: generation 1',
    ]);
  });

  test('starts with the totals when there is nothing to compare with', () => {
    expect(renderTable({ now: before, seconds: 1 })[1]).toMatch(/^up +100 +100 +0 +≤1 ms +≤1 ms +running/);
  });

  test('shows no negative rate when a route counts from zero again', () => {
    expect(renderTable({ before: now, now: before, seconds: 1 })[1]).toMatch(/^up +100 /);
  });

  test('fits the terminal', () => {
    const lines = fit(renderTable({ before, now, seconds: 1 }), 40);
    expect(Math.max(...lines.map((line) => line.length))).toBe(40);
  });

  test('says why a session is missing and what is wrong with the newest configuration', () => {
    const problem = {
      rule: 'TM004',
      severity: 'error',
      file: 'map.yaml',
      line: 9,
      column: 1,
      path: '',
      message: 'no wildcards',
      advice: '',
    } as const;
    const lines = renderTable({
      now: snapshotOf({
        sessions: [sessionOf({ state: 'waiting', fault: { reason: 'ConnectionRefused', message: '' } })],
        config: { generation: 1, rejectedTotal: 1, rejected: { revision: 'x', at: '', problems: [problem] } },
      }),
      seconds: 1,
    });
    expect(lines.slice(-3)).toEqual([
      'sessions: local 0/1 connected (ConnectionRefused), remote 0/0 connected',
      'configuration: generation 1',
      'the newest one was refused and changes nothing: map.yaml:9 TM004 no wildcards',
    ]);
  });

  test('is one line where nothing can be redrawn', () => {
    expect(renderLine({ before, now, seconds: 10 })).toBe(
      'up 5.0 msg/s  down 0 msg/s  forwarded 150  dropped 3  p50 ≤10 ms  p95 ≤10 ms',
    );
  });
});
