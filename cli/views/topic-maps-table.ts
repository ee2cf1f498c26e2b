import type { ConnectorHealth, SiteHealth, Verdict } from '../../shared/api/health.ts';
import type { ListedResource } from '../control-plane-client/client.ts';
import { age } from './age.ts';
import { readiness, specOf, textOf } from './connectors-table.ts';
import type { Table } from './table.ts';

/** What the table of topic maps is made of. */
export interface TopicMapsView {
  readonly topicMaps: readonly ListedResource[];
  readonly health: SiteHealth;
  /** Of those connectors that are not Healthy: of the others every route is. */
  readonly details: readonly ConnectorHealth[];
  readonly wide: boolean;
  readonly now: Date;
}

const HEADER = ['NAME', 'CONNECTOR', 'ROUTES', 'READY', 'AGE'];

/** Topic maps in the printer columns of their Kubernetes resource. */
export function topicMapsTable({ topicMaps, health, details, wide, now }: TopicMapsView): Table {
  const rows = topicMaps.map(({ name, resource, updatedAt }) => {
    const connector = connectorOf(resource);
    const routes = details
      .find((one) => one.connector === connector)
      ?.routes.filter(({ topicMap }) => topicMap === name);
    const whole = health.connectors.find((one) => one.connector === connector)?.verdict;
    const verdict = routes === undefined || routes.length === 0 ? whole : worst(routes.map((route) => route.verdict));
    const row = [name, connector, String(routesIn(resource)), readiness(verdict), age(updatedAt, now)];
    const reasons = routes?.flatMap((route) => route.reasons.map(({ reason }) => reason)) ?? [];
    return wide ? [...row, [...new Set(reasons)].join(',') || '-'] : row;
  });
  return { header: wide ? [...HEADER, 'REASON'] : HEADER, rows };
}

/** Name of the connector that a topic map belongs to. */
export function connectorOf(topicMap: unknown): string {
  return textOf(specOf(topicMap)['mqttBridgeConnectorRef']);
}

function routesIn(topicMap: unknown): number {
  const { routes } = specOf(topicMap);
  return Array.isArray(routes) ? routes.length : 0;
}

const BY_BADNESS: readonly Verdict[] = ['Unhealthy', 'Degraded', 'Stale', 'Unknown', 'Healthy'];

function worst(verdicts: readonly Verdict[]): Verdict | undefined {
  return BY_BADNESS.find((verdict) => verdicts.includes(verdict));
}
