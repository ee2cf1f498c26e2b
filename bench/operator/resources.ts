import type { ObjectKind, WrittenObject } from '../../kubernetes/object.ts';
import { CONNECTORS, TOPIC_MAPS } from '../../kubernetes/object.ts';
import { API_VERSION } from '../../shared/resources/metadata.ts';
import type { BenchCluster } from './cluster.ts';

/** Where the two brokers of a connector are. */
export interface Ends {
  readonly local: string;
  readonly remote: string;
}

const NOWHERE: Ends = { local: 'local.example:1883', remote: 'remote.example:8883' };
const ROUTES_PER_MAP = 5;
const AT_ONCE = 20;
const MANAGER = 'author';

/** A connector as an author writes it. */
export function connector(namespace: string, name: string, { local, remote }: Ends = NOWHERE) {
  const connection = (endpoint: string) => ({
    endpoint,
    tls: { tlsEnabled: false },
    authentication: { anonymous: {} },
  });
  return {
    apiVersion: API_VERSION,
    kind: 'MqttBridgeConnector',
    metadata: { name, namespace },
    spec: {
      clientIdPrefix: name,
      localBrokerConnection: connection(local),
      remoteBrokerConnection: connection(remote),
    },
  };
}

/** A topic map of routes outwards, each from a topic of its own name. */
export function topicMap(namespace: string, name: string, of: { connector: string; routes: readonly string[] }) {
  return {
    apiVersion: API_VERSION,
    kind: 'MqttBridgeTopicMap',
    metadata: { name, namespace },
    spec: {
      mqttBridgeConnectorRef: of.connector,
      routes: of.routes.map((route) => ({ direction: 'local-to-remote', name: route, source: `${route}/#`, qos: 1 })),
    },
  };
}

/** Applies connectors with their topic maps, evenly spread. */
export async function populate({ client, namespace }: BenchCluster, size: { connectors: number; maps: number }) {
  const names = Array.from({ length: size.connectors }, (_, index) => `edge-${index}`);
  const written: (readonly [ObjectKind, WrittenObject])[] = names.map((name) => [
    CONNECTORS,
    connector(namespace, name),
  ]);
  for (let index = 0; index < size.maps; index++) {
    const name = `map-${index}`;
    const routes = Array.from({ length: ROUTES_PER_MAP }, (_, route) => `${name}-route-${route}`);
    const of = { connector: names[index % names.length] ?? '', routes };
    written.push([TOPIC_MAPS, topicMap(namespace, name, of)]);
  }
  for (let from = 0; from < written.length; from += AT_ONCE) {
    const some = written.slice(from, from + AT_ONCE);
    await Promise.all(some.map(([kind, object]) => client.apply(kind, object, { manager: MANAGER })));
  }
}
