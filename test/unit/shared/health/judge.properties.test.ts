import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AgentReport } from '../../../../shared/api/report.ts';
import { EVENTS_PER_HOUR } from '../../../../shared/health/changes.ts';
import { healthStateSchema } from '../../../../shared/health/state.ts';
import { brokenReport, routeOf } from '../../../support/health/reports.ts';
import { settings, siteLife } from './site-life.ts';

const run = fc.constantFrom(1, 2, 3).map((number) => `00000000-0000-4000-8000-00000000000${number}`);

const arbitraryReport: fc.Arbitrary<Partial<AgentReport>> = fc.record({
  run,
  sequence: fc.integer({ min: 1, max: 40 }),
  document: fc.constantFrom(
    { revision: 'r1' },
    { revision: 'r2' },
    {},
    { revision: 'r1', rejected: { revision: 'r2', at: '2026-11-23T12:00:00Z', problems: [] } },
  ),
  routes: fc.array(
    fc
      .record({ route: fc.constantFrom('a', 'b', 'c'), ready: fc.integer({ min: 0, max: 1 }) })
      .map(({ route, ready }) => routeOf({ route, lanes: { total: 1, ready } })),
    { maxLength: 3 },
  ),
});

const step = fc.oneof(
  fc.record({
    kind: fc.constant('report' as const),
    instance: fc.constantFrom('0', '1', 'all'),
    lateBy: fc.nat(90),
    report: arbitraryReport,
  }),
  fc.record({
    kind: fc.constant('define' as const),
    revision: fc.constantFrom('r1', 'r2'),
    instances: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 120 }) }),
);

const hour = (at: number) => Math.floor(at / 3_600);

it('writes no more than so many entries per hour and connector, whatever comes in', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 100, maxLength: 300 }),
      fc.constantFrom(0, 60),
      (steps, recoverAfterSeconds) => {
        const life = siteLife({ c: { revision: 'r1', instances: 2 } }, { ...settings, recoverAfterSeconds });
        let at = 0;
        for (const each of steps) {
          if (each.kind === 'wait') at += each.seconds;
          else if (each.kind === 'define') life.define({ c: { revision: each.revision, instances: each.instances } });
          else life.report({ at: at - each.lateBy, instance: each.instance, report: { sequence: 1, ...each.report } });
          life.judge((at += 1));
          expect(life.wakeAt - at).toBeGreaterThanOrEqual(settings.intervalSeconds / 4);
          expect(life.wakeAt - at).toBeLessThanOrEqual(300);
          expect(healthStateSchema.parse(life.state)).toEqual(life.state);
          // Three instances and three routes: what is kept does not grow with time.
          expect(JSON.stringify({ ...life.state, outbox: {} }).length).toBeLessThan(20_000);
        }
        const limit = (hour(at) + 1) * (EVENTS_PER_HOUR.verdicts + EVENTS_PER_HOUR.others);
        expect(life.events.length).toBeLessThanOrEqual(limit);
        expect(life.alerts.length).toBeLessThanOrEqual(limit);
        expect(new Set(life.events.map(({ id }) => id)).size).toBe(life.events.length);
      },
    ),
    { numRuns: 60 },
  );
});

it('limits what an agent can write that changes with each report', () => {
  const life = siteLife({ c: { revision: 'r1', instances: 1 } }, { ...settings, recoverAfterSeconds: 0 });
  for (let at = 0; at < 3_600; at += 2) {
    life.report({ at, report: at % 4 === 0 ? brokenReport({ document: { revision: `x${at}` } }) : {} });
    life.judge(at);
  }
  expect(life.events.length).toBeLessThanOrEqual(EVENTS_PER_HOUR.verdicts + EVENTS_PER_HOUR.others);
  expect(life.alerts.length).toBeLessThanOrEqual(EVENTS_PER_HOUR.verdicts);
  expect(life.events.flatMap(({ reasons }) => reasons).some(({ reason }) => reason === 'EventsLimited')).toBe(true);
  // What could not be told is told once the hour is over: nobody is left with a verdict of long ago.
  expect(life.judge(3_640).verdict).toBe('Stale');
  expect(life.alerts.at(-1)?.type).toBe('MqttBridge.Connector.Stale');
});

it('notices a silent agent within one and a half report intervals, whatever the phase', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 31, max: 400 }),
      (phases, end) => {
        const life = siteLife({ c: { revision: 'r1', instances: phases.length } });
        // Instance 0 falls silent at `end`; a judgement happens when the last one said, and never on a hint.
        const sends = phases
          .flatMap((phase, instance) =>
            Array.from({ length: 30 }, (_, beat) => ({ at: phase + beat * 30, instance: String(instance) })),
          )
          .filter(({ at, instance }) => instance !== '0' || at <= end)
          .sort((a, b) => a.at - b.at);
        const last = Math.max(...sends.filter(({ instance }) => instance === '0').map(({ at }) => at));
        const report = (slot: string): Partial<AgentReport> => ({
          instances: { standing: 'joined', slots: [Number(slot)], total: phases.length },
          routes: [routeOf({ route: `r${slot}` })],
        });
        let noticed = Number.POSITIVE_INFINITY;
        for (let at = 0, next = 0; at <= last + 60; at = life.wakeAt) {
          for (let send = sends[next]; send && send.at <= at; send = sends[++next]) {
            life.report({ ...send, report: report(send.instance) });
          }
          if (life.judge(at).instances['0']?.verdict === 'Stale') noticed = Math.min(noticed, at);
        }
        expect(noticed - last).toBeGreaterThanOrEqual(37.499);
        expect(noticed - last).toBeLessThanOrEqual(45.001);
      },
    ),
    { numRuns: 100 },
  );
});
