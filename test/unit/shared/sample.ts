import { validateConfig } from '../../../shared/config/validate.ts';
import type { ConnectorDocument } from '../../../shared/plan/document.ts';
import { type Connector, type ConnectorInput, connectorSchema } from '../../../shared/resources/connector.ts';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import { type Route, type RouteInput, type TopicMap, topicMapSchema } from '../../../shared/resources/topic-map.ts';

type SpecInput = Partial<ConnectorInput['spec']>;

/** A valid connector without warnings, changed where the caller says so. */
export function sampleConnector(spec: SpecInput = {}, name = 'bridge'): Connector {
  return connectorSchema.parse({
    apiVersion: API_VERSION,
    kind: 'MqttBridgeConnector',
    metadata: { name },
    spec: {
      localBrokerConnection: { endpoint: 'local.test:1883', authentication: { anonymous: {} } },
      remoteBrokerConnection: {
        endpoint: 'remote.test:1883',
        tls: { tlsEnabled: false },
        authentication: { anonymous: {} },
      },
      ...spec,
    },
  });
}

/** A topic map of the sample connector. */
export function sampleMap(routes: RouteInput[], name = 'map', connector = 'bridge'): TopicMap {
  const spec = { mqttBridgeConnectorRef: connector, routes };
  return topicMapSchema.parse({ apiVersion: API_VERSION, kind: 'MqttBridgeTopicMap', metadata: { name }, spec });
}

/** A route outwards, changed where the caller says so. */
export function sampleRoute(route: Partial<RouteInput> = {}): Route {
  const input: RouteInput = { direction: 'local-to-remote', name: 'r', source: 'a', ...route };
  return sampleMap([input]).spec.routes[0];
}

export const CONNECTOR_YAML = `apiVersion: mq.iotoperations.azure.com/v1beta1
kind: MqttBridgeConnector
metadata:
  name: bridge
spec:
  protocol: v5
  bridgeInstances: 1
  clientIdPrefix: site
  localBrokerConnection:
    endpoint: local.test:1883
    tls:
      tlsEnabled: false
    authentication:
      anonymous: {}
  remoteBrokerConnection:
    endpoint: remote.test:8883
    tls:
      tlsEnabled: true
    authentication:
      anonymous: {}
`;

export const MAP_YAML = `apiVersion: mq.iotoperations.azure.com/v1beta1
kind: MqttBridgeTopicMap
metadata:
  name: map
spec:
  mqttBridgeConnectorRef: bridge
  routes:
    - direction: local-to-remote
      name: up
      source: telemetry/#
    - direction: remote-to-local
      name: down
      source: commands/+
      target: orders
`;

/** What validation finds in texts, as `RULE path`, and the runnable connectors. */
export function check(...texts: string[]): { found: string[]; connectors: readonly ConnectorDocument[] } {
  const { problems, connectors } = validateConfig(texts.map((text, index) => ({ name: `${index}.yaml`, text })));
  return { found: problems.map(({ rule, path }) => `${rule} ${path}`.trim()), connectors };
}
