import type { ConnectorHealth, SiteHealth } from '../../shared/api/health.ts';
import { resourceLabel } from '../control-plane-client/kinds.ts';
import { age } from './age.ts';
import { reasonCell } from './reasons.ts';
import type { Table } from './table.ts';

/** A site and its connectors. */
export function siteHealthTable(health: SiteHealth, now: Date): Table {
  const site = [`site/${health.site}`, health.verdict, age(health.since, now), '', '', ''];
  const rows = health.connectors.map(({ connector, verdict, since, instances, routes, reasons }) => [
    resourceLabel('MqttBridgeConnector', connector),
    verdict,
    age(since, now),
    `${instances.healthy}/${instances.wanted}`,
    `${routes.healthy}/${routes.total}`,
    reasonCell(reasons),
  ]);
  return { header: ['OBJECT', 'VERDICT', 'FOR', 'INSTANCES', 'ROUTES', 'REASON'], rows: [site, ...rows] };
}

/** A connector, its instances and its routes. */
export function connectorHealthTable(health: ConnectorHealth, now: Date): Table {
  const connector = { label: resourceLabel('MqttBridgeConnector', health.connector), ...health };
  const instances = health.instances.map((one) => ({ label: `instance/${one.instance}`, ...one }));
  const routes = health.routes.map((one) => ({ label: `route/${one.topicMap}/${one.route}`, ...one }));
  const rows = [connector, ...instances, ...routes].map(({ label, verdict, since, reasons }) => [
    label,
    verdict,
    age(since, now),
    reasonCell(reasons),
  ]);
  return { header: ['OBJECT', 'VERDICT', 'FOR', 'REASON'], rows };
}
