import type { AgentReport } from '../../../shared/api/report.ts';
import type { ReceivedReport } from '../../../shared/health/input.ts';

/** A moment at which tests begin, milliseconds since 1970. */
export const START = Date.parse('2026-11-23T12:00:00Z');

const RUN = '00000000-0000-4000-8000-000000000001';

/** A route of a report on which all is well, but for what is given. */
export function routeOf(overrides: Partial<AgentReport['routes'][number]> = {}): AgentReport['routes'][number] {
  return {
    topicMap: 'map',
    route: 'up',
    direction: 'local-to-remote',
    lanes: { total: 1, ready: 1 },
    received: 10,
    forwarded: 9,
    dropped: { expired: 1 },
    inflight: 0,
    ...overrides,
  };
}

/** A connected session of a report, but for what is given. */
export function sessionOf(overrides: Partial<AgentReport['sessions'][number]> = {}): AgentReport['sessions'][number] {
  const side = overrides.side ?? 'remote';
  const clientId = overrides.clientId ?? 'edge-up';
  return {
    key: `${side}/${clientId}`,
    side,
    clientId,
    endpoint: side === 'remote' ? 'ns.westeurope-1.ts.eventgrid.azure.net:8883' : 'broker:1883',
    state: 'connected',
    since: new Date(START).toISOString(),
    ...overrides,
  };
}

/** A report in which all is well, but for what is given. */
export function reportOf(overrides: Partial<AgentReport> = {}): AgentReport {
  return {
    apiVersion: 'mqttbridge/v1',
    kind: 'AgentReport',
    run: RUN,
    startedAt: new Date(START).toISOString(),
    sequence: 1,
    version: '0.1.0',
    intervalSeconds: 30,
    changed: false,
    document: { revision: 'r1' },
    ready: true,
    sessions: [sessionOf({ side: 'local' }), sessionOf({ side: 'remote' })],
    routes: [routeOf()],
    credentials: [],
    ...overrides,
  };
}

/** A report as it was received at a moment (milliseconds since 1970). */
export function receivedOf(
  at: number,
  report: AgentReport = reportOf(),
  of: Partial<Pick<ReceivedReport, 'connector' | 'instance'>> = {},
): ReceivedReport {
  return { connector: 'c', instance: 'all', receivedAt: new Date(at).toISOString(), report, ...of };
}

/** What a report says whose remote session is down for a reason. */
export function brokenReport(overrides: Partial<AgentReport> = {}, reason = 'ConnectionRefused'): AgentReport {
  const fault = { reason, message: `${reason} happened.`, fix: 'mend it' };
  return reportOf({
    ready: false,
    sessions: [sessionOf({ side: 'local' }), sessionOf({ side: 'remote', state: 'waiting', fault })],
    routes: [routeOf({ lanes: { total: 1, ready: 0 } })],
    ...overrides,
  });
}
