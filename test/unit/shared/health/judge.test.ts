import { describe, expect, it } from 'vitest';
import type { Definition } from '../../../../shared/health/input.ts';
import { judgeSite } from '../../../../shared/health/judge.ts';
import { healthStateSchema, readHealthState } from '../../../../shared/health/state.ts';
import { brokenReport, receivedOf, reportOf, routeOf, sessionOf, START } from '../../../support/health/reports.ts';
import { problems, settings, siteLife } from './site-life.ts';

const ONE: Record<string, Definition> = { c: { revision: 'r1', instances: 1 } };
const definitions = (instances: number, revision = 'r1') => ({ c: { revision, instances } });

describe('a connector is', () => {
  it('Stale when all of its agents are silent', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    expect(life.judge(1).verdict).toBe('Healthy');
    expect(life.judge(37.4).verdict).toBe('Healthy');
    const { verdict, reasons } = life.judge(37.5);
    expect([verdict, reasons[0]?.reason, reasons[0]?.instance]).toEqual(['Stale', 'AgentSilent', 'all']);
  });

  it('Degraded when an instance is silent and others run its slots, Unhealthy when they run nothing', () => {
    const life = siteLife(definitions(2));
    life.report({ at: 0, instance: '0', ...slots([0]) });
    life.report({ at: 0, instance: '1', ...slots([1]) });
    expect(life.judge(1).verdict).toBe('Healthy');
    life.report({ at: 60, instance: '0', ...slots([0, 1]) });
    const adopted = life.judge(61);
    expect([adopted.verdict, adopted.reasons.map(({ reason }) => reason)]).toEqual(['Degraded', ['AgentSilent']]);
    life.report({ at: 90, instance: '0', ...slots([0]) });
    expect(life.judge(91).reasons.map(({ reason }) => reason)).toContain('SlotsUncovered');
    life.report({ at: 120, instance: '0', ...slots([]) });
    expect(life.judge(121).verdict).toBe('Unhealthy');
  });

  it('not Degraded by instances that have not come up yet, until they are late', () => {
    const life = siteLife(definitions(2));
    life.judge(0);
    life.report({ at: 1, instance: '0', ...slots([0, 1]) });
    expect(life.judge(2).verdict).toBe('Healthy');
    life.report({ at: 60, instance: '0', ...slots([0, 1]) });
    expect(life.judge(61).reasons).toMatchObject([{ reason: 'NeverReported', instance: '1' }]);
  });

  it('Degraded when a revision is not taken over within two intervals', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    life.judge(1);
    life.define(definitions(1, 'r2'));
    expect(life.judge(2).verdict).toBe('Healthy');
    life.report({ at: 60 });
    expect(life.judge(61.9).verdict).toBe('Healthy');
    expect(life.judge(62).reasons).toMatchObject([{ reason: 'RevisionPending' }]);
  });

  it('what it was while its agent starts anew and nothing has failed', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    life.judge(1);
    const run = '00000000-0000-4000-8000-000000000002';
    const starting = {
      run,
      sessions: [sessionOf({ state: 'connecting' })],
      routes: [routeOf({ lanes: { total: 1, ready: 0 } })],
    };
    life.report({ at: 10, report: starting });
    expect(life.judge(10).verdict).toBe('Healthy');
    life.report({ at: 39, report: { ...starting, sequence: 2 } });
    expect(life.judge(41)).toMatchObject({
      verdict: 'Unhealthy',
      reasons: [{ reason: 'SessionDown' }, { reason: 'RouteNotReady' }],
    });
  });
});

const slots = (of: number[]) => ({
  report: {
    instances: { standing: 'joined' as const, slots: of, total: 2 },
    routes: of.map((slot) => routeOf({ route: `r${slot}` })),
  },
});

it('forgets an instance that is not wanted any more once it is silent', () => {
  const life = siteLife(definitions(2));
  life.report({ at: 0, instance: '0', ...slots([0]) });
  life.report({ at: 0, instance: '1', ...slots([1]) });
  life.judge(1);
  life.define(definitions(1));
  life.report({ at: 30, instance: '0', ...slots([0]) });
  const connector = life.judge(45);
  expect([connector.verdict, Object.keys(connector.instances), connector.wanted]).toEqual(['Healthy', ['0'], ['0']]);
});

it('says what the service knows of a closed session once the disconnect is half a minute old', () => {
  const life = siteLife(ONE);
  life.report({ at: 0, report: brokenReport({}, 'ConnectionClosed') });
  life.signals.push({ connector: 'c', session: 'edge-up', at: START, reason: 'SessionOverflow' });
  expect(life.judge(1).reasons.map(({ reason }) => reason)).toEqual(['ConnectionClosed']);
  life.report({ at: 30, report: brokenReport({ sequence: 2 }, 'ConnectionClosed') });
  expect(life.judge(30).reasons).toMatchObject([
    {
      reason: 'SessionOverflow',
      side: 'remote',
      message: expect.stringContaining('ended its session'),
      fix: expect.any(String),
    },
    { reason: 'ConnectionClosed' },
  ]);
});

describe('what is not ready yet', () => {
  const connecting = {
    sessions: [sessionOf({ state: 'connecting' })],
    routes: [routeOf({ lanes: { total: 1, ready: 0 } })],
  };

  it('is no fault for one interval, as when a definition moves sessions', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    life.judge(0);
    life.report({ at: 10, report: connecting });
    expect(life.judge(10).verdict).toBe('Healthy');
    life.report({ at: 12 });
    life.judge(18);
    expect(life.events.filter(({ type }) => type !== 'DefinitionChanged')).toHaveLength(3);
  });

  it('is one of an agent that starts again and again', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    life.judge(0);
    for (let at = 5; at <= 40; at += 5) {
      const run = `00000000-0000-4000-8000-0000000000${at + 10}`;
      life.report({ at, report: { ...connecting, run } });
      life.judge(at);
    }
    expect(life.state.connectors['c']?.verdict).toBe('Unhealthy');
  });

  it('is one of an instance that does not hear the others', () => {
    const life = siteLife(definitions(1));
    const apart = { instances: { standing: 'apart' as const, slots: [0], total: 1 } };
    life.report({ at: 0, instance: '0', report: apart });
    expect(life.judge(0)).toMatchObject({ verdict: 'Unknown', reasons: [{ reason: 'Starting' }] });
    life.report({ at: 30, instance: '0', report: apart });
    expect(life.judge(30)).toMatchObject({ verdict: 'Degraded', reasons: [{ reason: 'InstancesUnheard' }] });
  });
});

describe('hysteresis', () => {
  it('takes worse at once, and better once it has lasted', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    life.judge(0);
    life.report({ at: 1, report: brokenReport() });
    expect(life.judge(1).verdict).toBe('Unhealthy');
    life.report({ at: 2 });
    expect(life.judge(2)).toMatchObject({ verdict: 'Unhealthy', reasons: [{ reason: 'Recovering' }] });
    life.report({ at: 32 });
    expect(life.judge(61).verdict).toBe('Unhealthy');
    life.report({ at: 62 });
    expect(life.judge(62).verdict).toBe('Healthy');
    expect(life.alerts.map(({ type, verdict }) => [type, verdict])).toEqual([
      ['MqttBridge.Connector.Degraded', 'Unhealthy'],
      ['MqttBridge.Connector.Recovered', 'Healthy'],
    ]);
  });

  it('makes one alert of an hour of flapping every 5 s', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    life.judge(0);
    for (let at = 5; at <= 3_600; at += 5) {
      life.report({ at, report: at % 10 === 5 ? brokenReport() : {} });
      life.judge(at);
    }
    expect(life.alerts.map(({ type }) => type)).toEqual(['MqttBridge.Connector.Degraded']);
    expect(life.events.filter(({ type }) => type === 'VerdictChanged')).toHaveLength(2);
  });

  it('waits twice as long after each setback of an hour', () => {
    const life = siteLife(ONE);
    const waits: number[] = [];
    let at = 0;
    for (let setback = 0; setback < 6; setback++) {
      life.report({ at, report: brokenReport() });
      life.judge(at);
      const broke = at;
      do {
        at += 5;
        life.report({ at });
      } while (life.judge(at).verdict !== 'Healthy');
      waits.push(at - broke - 5);
    }
    expect(waits).toEqual([60, 60, 120, 240, 480, 900]);
  });
});

describe('time', () => {
  it('is ours: clocks of agents change nothing', () => {
    for (const days of [-1, 1]) {
      const shifted = new Date(START + days * 86_400_000).toISOString();
      const report = reportOf({ startedAt: shifted, sessions: [sessionOf({ since: shifted })] });
      const life = siteLife(ONE);
      life.report({ at: 0, report });
      expect(life.judge(0).verdict).toBe('Healthy');
    }
  });

  it('does not go back for late, repeated and disordered reports', () => {
    const life = siteLife(ONE);
    life.report({ at: 0, report: { sequence: 5 } });
    life.judge(0);
    life.report({ at: 10, report: brokenReport({ sequence: 4 }) });
    expect(life.judge(10).verdict).toBe('Healthy');
    life.report({ at: -20, report: brokenReport({ run: '00000000-0000-4000-8000-00000000000f', sequence: 9 }) });
    expect(life.judge(11).verdict).toBe('Healthy');
    life.report({ at: 36, report: { sequence: 5 } });
    expect(life.judge(38).verdict).toBe('Stale');
  });

  it('goes on where our own clock is set back by a day', () => {
    const life = siteLife(ONE);
    life.report({ at: 0 });
    life.judge(0);
    const day = -86_400;
    expect(life.judge(day).verdict).toBe('Healthy');
    expect(life.judge(day + 38).verdict).toBe('Stale');
    life.report({ at: day + 40 });
    life.judge(day + 40);
    life.report({ at: day + 90 });
    expect(life.judge(day + 101).verdict).toBe('Healthy');
  });
});

describe('events and alerts', () => {
  it('tell of definition, revision, instance and verdict, each once', () => {
    const life = siteLife(ONE);
    life.judge(0);
    life.report({ at: 1 });
    life.judge(1);
    life.judge(2);
    expect(life.events.map(({ type, from, to }) => [type, from, to])).toEqual([
      ['DefinitionChanged', undefined, 'r1'],
      ['VerdictChanged', 'Unknown', 'Healthy'],
      ['InstanceChanged', undefined, 'Healthy'],
      ['RevisionApplied', undefined, 'r1'],
    ]);
    expect(new Set(life.events.map(({ id }) => id)).size).toBe(life.events.length);
    expect(life.alerts).toEqual([]);
  });

  it('alert a refused revision once, however many instances refuse it', () => {
    const life = siteLife(definitions(2, 'r2'));
    const document = { revision: 'r1', rejected: { revision: 'r2', at: '2026-11-23T12:00:00Z', problems } };
    for (const at of [0, 30, 60]) {
      for (const instance of ['0', '1'])
        life.report({ at, instance, report: { ...slots([Number(instance)]).report, document } });
      life.judge(at);
    }
    expect(life.alerts.map(({ type, revision }) => [type, revision])).toEqual([
      ['MqttBridge.Connector.Degraded', undefined],
      ['MqttBridge.Revision.Rejected', 'r2'],
    ]);
    expect(life.events.filter(({ type }) => type === 'RevisionRejected')).toHaveLength(2);
  });

  it('are the same when the same judgement is made again', () => {
    const input = { definitions: ONE, reports: [receivedOf(START)], now: START, settings };
    const first = judgeSite(input, undefined);
    expect(judgeSite(input, undefined)).toEqual(first);
    expect(healthStateSchema.parse(JSON.parse(JSON.stringify(first.state)))).toEqual(first.state);
  });

  it('stay in the outbox until they are taken over', () => {
    const life = siteLife(ONE);
    life.report({ at: 0, report: brokenReport() });
    life.judge(0);
    life.judge(1);
    expect(life.state.outbox).toMatchObject({ events: [], alerts: [{ number: 1 }] });
    life.judge(2, 1);
    expect(life.state.outbox.alerts).toEqual([]);
  });
});

it('begins anew with a state that it does not understand', () => {
  expect(readHealthState({ version: 99 })).toBeUndefined();
  expect(readHealthState('nonsense')).toBeUndefined();
});
