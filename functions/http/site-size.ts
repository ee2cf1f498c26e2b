import type { ProblemItem } from '../../shared/api/problem.ts';
import type { JsonObject } from '../store/store.ts';
import type { SiteResource } from './site-state.ts';

/** Most resources of a site: its list is one entity of the store. */
const MAX_SITE_RESOURCES = 1000;
/** Most that the documents of a site may take, as JSON in UTF-8: every change reads and checks all of them. */
const MAX_SITE_BYTES = 8 * 1024 * 1024;
/** The same of a connector with its topic maps: an agent is sent them together, and takes no answer over 4 MiB. */
const MAX_CONNECTOR_BYTES = 3 * 1024 * 1024;

/** What of a site is too much; `resources` by `kind/name`. */
export function sizeFaults(resources: ReadonlyMap<string, SiteResource>): ProblemItem[] {
  if (resources.size > MAX_SITE_RESOURCES) {
    const message = `the site would have ${resources.size} resources, at most ${MAX_SITE_RESOURCES}`;
    return [fault('TooManyResources', message)];
  }
  const byConnector = new Map<string, number>();
  for (const { entry, document } of resources.values()) {
    const connector = entry.kind === 'MqttBridgeConnector' ? entry.name : connectorOf(document);
    byConnector.set(connector, (byConnector.get(connector) ?? 0) + Buffer.byteLength(JSON.stringify(document)));
  }
  const bytes = [...byConnector.values()].reduce((sum, size) => sum + size, 0);
  const large = [...byConnector].filter(([, size]) => size > MAX_CONNECTOR_BYTES);
  return [
    ...(bytes > MAX_SITE_BYTES
      ? [fault('SiteTooLarge', `the documents of a site may take ${MAX_SITE_BYTES} bytes`)]
      : []),
    ...large.map(([name, size]) =>
      fault(
        'ConnectorTooLarge',
        `connector ${name} and its topic maps take ${size} bytes together, at most ${MAX_CONNECTOR_BYTES}`,
      ),
    ),
  ];
}

function connectorOf({ spec }: JsonObject): string {
  return String((spec as { readonly mqttBridgeConnectorRef?: unknown } | null | undefined)?.mqttBridgeConnectorRef);
}

function fault(rule: string, message: string): ProblemItem {
  return { path: '', rule, message, severity: 'error' };
}
