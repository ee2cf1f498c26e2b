import { stringify } from 'yaml';
import type { ConnectorInput } from '../../shared/resources/connector.ts';
import type { RouteInput } from '../../shared/resources/topic-map.ts';

type Spec = ConnectorInput['spec'];

/** One broker of a bridge under test: a port on loopback (plain TCP, anonymous), or the fields of its connection. */
export type SideInput = number | SideFields;

/** The fields of a connection; what is left out is that of a plain and anonymous one. */
export type SideFields = Partial<Spec['remoteBrokerConnection']> & { readonly port: number };

/** A connector and its topic maps, said briefly. */
export interface BridgeConfig {
  readonly local: SideInput;
  readonly remote: SideInput;
  readonly routes: readonly RouteInput[];
  /** More topic maps, by name; the first one is called `routes`. */
  readonly maps?: Readonly<Record<string, readonly RouteInput[]>>;
  readonly name?: string;
  /** More fields of the connector. */
  readonly spec?: Partial<Omit<Spec, 'localBrokerConnection' | 'remoteBrokerConnection'>>;
}

/** The resources as one YAML text. */
export function bridgeYaml(config: BridgeConfig): string {
  const { name = 'bridge', local, remote, routes, maps = {}, spec } = config;
  const connector = {
    ...envelope('MqttBridgeConnector', name),
    spec: {
      // Client IDs of their own beside those of producers and consumers.
      clientIdPrefix: 'agent',
      ...spec,
      localBrokerConnection: connectionOf(local),
      remoteBrokerConnection: connectionOf(remote),
    },
  };
  const topicMaps = Object.entries({ routes, ...maps }).map(([map, list]) => ({
    ...envelope('MqttBridgeTopicMap', map),
    spec: { mqttBridgeConnectorRef: name, routes: list },
  }));
  return [connector, ...topicMaps].map((resource) => stringify(resource)).join('---\n');
}

/** A route from the local to the remote broker. */
export function outward(name: string, source: string, more: Partial<RouteInput> = {}): RouteInput {
  return { direction: 'local-to-remote', name, source, ...more };
}

/** A route from the remote to the local broker. */
export function inward(name: string, source: string, more: Partial<RouteInput> = {}): RouteInput {
  return { direction: 'remote-to-local', name, source, ...more };
}

function envelope(kind: string, name: string) {
  return { apiVersion: 'mq.iotoperations.azure.com/v1beta1', kind, metadata: { name, namespace: 'test' } };
}

function connectionOf(side: SideInput): object {
  const { port, ...rest } = typeof side === 'number' ? { port: side } : side;
  return {
    endpoint: `127.0.0.1:${port}`,
    tls: { tlsEnabled: false },
    authentication: { anonymous: {} },
    ...rest,
  };
}
