import type { HealthEvent } from '../../../../shared/api/health.ts';
import type { AgentReport } from '../../../../shared/api/report.ts';
import type { Definition, HealthSettings, ReceivedReport, SessionSignal } from '../../../../shared/health/input.ts';
import { judgeSite } from '../../../../shared/health/judge.ts';
import type { ConnectorState, HealthAlert, HealthState } from '../../../../shared/health/state.ts';
import { receivedOf, reportOf, START } from '../../../support/health/reports.ts';

/** Reports each 30 s, recovery after 60 s. */
export const settings: HealthSettings = { intervalSeconds: 30, recoverAfterSeconds: 60 };

/** A report that a site gets. */
interface Sent {
  /** Seconds since START. */
  readonly at: number;
  readonly instance?: string;
  readonly report?: Partial<AgentReport>;
}

/** A site with connector `c` that is judged again and again; times are seconds since START. */
export interface SiteLife {
  readonly events: HealthEvent[];
  readonly alerts: HealthAlert[];
  readonly signals: SessionSignal[];
  readonly state: HealthState;
  wakeAt: number;
  define(definitions: Record<string, Definition>): void;
  report(sent: Sent): void;
  judge(at: number, alertsThrough?: number): ConnectorState;
}

/** Begins a site; a report without a sequence counts on. */
export function siteLife(definitions: Record<string, Definition>, with_: HealthSettings = settings): SiteLife {
  const reports = new Map<string, ReceivedReport>();
  let state: HealthState | undefined;
  let sequence = 0;
  let defined = definitions;
  const life = {
    events: [] as HealthEvent[],
    alerts: [] as HealthAlert[],
    signals: [] as SessionSignal[],
    get state(): HealthState {
      if (!state) throw new Error('nothing was judged yet');
      return state;
    },
    wakeAt: 0,
    define: (changed: Record<string, Definition>) => {
      defined = changed;
    },
    report: ({ at, instance = 'all', report = {} }: Sent) => {
      sequence++;
      const counted = report.sequence === undefined || report.sequence === 1 ? { sequence } : {};
      reports.set(instance, receivedOf(START + at * 1_000, reportOf({ ...report, ...counted }), { instance }));
    },
    judge: (at: number, alertsThrough?: number): ConnectorState => {
      const now = START + at * 1_000;
      const input = {
        definitions: defined,
        reports: [...reports.values()],
        signals: life.signals,
        now,
        settings: with_,
      };
      const judged = judgeSite({ ...input, alertsThrough }, state);
      state = JSON.parse(JSON.stringify(judged.state)) as HealthState;
      life.events.push(...judged.events);
      life.alerts.push(...judged.alerts);
      life.wakeAt = (judged.wakeAt - START) / 1_000;
      const connector = state.connectors['c'];
      if (!connector) throw new Error('there is no connector');
      return connector;
    },
  };
  return life;
}

/** Why a revision was rejected. */
export const problems = [
  {
    rule: 'TM001',
    severity: 'error',
    file: 'f',
    line: 1,
    column: 1,
    path: 'spec',
    message: 'bad',
    advice: 'x',
  } as const,
];
