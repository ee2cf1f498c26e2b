import type { ConnectorHealth, HealthEvent, HealthReason, SiteHealth, Verdict } from '../api/health.ts';
import type { ReceivedReport } from './input.ts';
import { fewReasons, ourReason } from './reasons.ts';
import type { ConnectorState, HealthState, RouteState, Track } from './state.ts';

/** A site for reading; before the first judgement everything is Unknown. */
export function siteHealth(site: string, state: HealthState | undefined, now: number): SiteHealth {
  const connectors = Object.entries(state?.connectors ?? {});
  return {
    apiVersion: 'mqttbridge/v1',
    kind: 'SiteHealth',
    site,
    verdict: state?.verdict ?? 'Unknown',
    since: iso(state?.since ?? now),
    reasons: state ? fewReasons(connectors.flatMap(siteReason), 20) : [ourReason('NeverReported')],
    ...(state && { judgedAt: iso(state.judgedAt) }),
    connectors: connectors.map(([connector, of]) => ({
      connector,
      ...judged(of),
      instances: { wanted: of.wanted.length, healthy: countHealthy(of.wanted.map((name) => of.instances[name])) },
      routes: { total: Object.keys(of.routes).length, healthy: countHealthy(Object.values(of.routes)) },
    })),
  };
}

/** What a connector's health is shown from. */
export interface ConnectorSource {
  readonly site: string;
  readonly name: string;
  readonly state: HealthState | undefined;
  /** Last reports of the site: counters are read from them. */
  readonly reports: readonly ReceivedReport[];
  readonly timeline: readonly HealthEvent[];
  readonly now: number;
}

/** A connector for reading. */
export function connectorHealth({ site, name, state, reports, timeline, now }: ConnectorSource): ConnectorHealth {
  const of = state && Object.hasOwn(state.connectors, name) ? state.connectors[name] : undefined;
  const unknown = { verdict: 'Unknown' as Verdict, since: iso(now), reasons: [ourReason('NeverReported')] };
  return {
    apiVersion: 'mqttbridge/v1',
    kind: 'ConnectorHealth',
    site,
    connector: name,
    ...(of ? judged(of) : unknown),
    ...(state && of && { judgedAt: iso(state.judgedAt) }),
    ...(of?.desired && { desiredRevision: of.desired.revision }),
    instances: of ? instancesOf(of, iso(state?.judgedAt ?? now)) : [],
    routes: of ? routesOf(of, reports.filter(isHeard(of, name, now))) : [],
    timeline: [...timeline],
  };
}

function instancesOf(of: ConnectorState, judgedAt: string): ConnectorHealth['instances'] {
  const names = [...new Set([...of.wanted, ...Object.keys(of.instances)])].sort((a, b) => Number(a) - Number(b));
  return names.map((instance) => {
    const known = of.instances[instance];
    if (!known) {
      const reasons = [ourReason('NeverReported', { instance })];
      return { instance, verdict: 'Unknown' as Verdict, since: of.desired ? iso(of.desired.since) : judgedAt, reasons };
    }
    const { heardAt, version, revision } = known;
    return {
      instance,
      ...judged(known),
      reportedAt: iso(heardAt),
      version,
      ...(revision !== undefined && { revision }),
    };
  });
}

function routesOf(of: ConnectorState, reports: readonly ReceivedReport[]): ConnectorHealth['routes'] {
  const counters = countersOf(reports);
  return Object.entries(of.routes).map(([key, state]) => {
    const slash = key.indexOf('/');
    const names = { topicMap: key.slice(0, slash), route: key.slice(slash + 1), direction: state.direction };
    return { ...names, ...judged(state), ...(counters.get(key) ?? NOTHING) };
  });
}

function isHeard(of: ConnectorState, name: string, now: number): (report: ReceivedReport) => boolean {
  return ({ connector, instance, receivedAt }) =>
    connector === name && now - Date.parse(receivedAt) < (of.instances[instance]?.patienceMs ?? 0);
}

type Counters = Pick<ConnectorHealth['routes'][number], 'received' | 'forwarded' | 'dropped'>;

const NOTHING: Counters = { received: 0, forwarded: 0, dropped: 0 };

function countersOf(reports: readonly ReceivedReport[]): Map<string, Counters> {
  const sums = new Map<string, Counters>();
  for (const { report } of reports) {
    for (const { topicMap, route, received, forwarded, dropped } of report.routes) {
      const key = `${topicMap}/${route}`;
      const sum = sums.get(key) ?? NOTHING;
      const lost = Object.values(dropped).reduce((total, count) => total + count, sum.dropped);
      sums.set(key, { received: sum.received + received, forwarded: sum.forwarded + forwarded, dropped: lost });
    }
  }
  return sums;
}

function siteReason([connector, { verdict, reasons }]: [string, ConnectorState]): HealthReason[] {
  const [first] = reasons;
  return verdict === 'Healthy' || !first ? [] : [{ ...first, message: `${connector}: ${first.message}` }];
}

function judged({ verdict, since, reasons }: Track): Pick<SiteHealth, 'verdict' | 'since' | 'reasons'> {
  return { verdict, since: iso(since), reasons };
}

function countHealthy(tracks: readonly (Track | RouteState | undefined)[]): number {
  return tracks.filter((track) => track?.verdict === 'Healthy').length;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
