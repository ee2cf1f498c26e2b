import { API_VERSION } from '../../shared/resources/metadata.ts';

/** A resource as its author writes it. */
export interface SentResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A valid connector without warnings. */
export function connectorResource(name: string, spec: Readonly<Record<string, unknown>> = {}): SentResource {
  return {
    apiVersion: API_VERSION,
    kind: 'MqttBridgeConnector',
    metadata: { name },
    spec: {
      clientIdPrefix: name,
      localBrokerConnection: { endpoint: 'local.test:1883', authentication: { anonymous: {} } },
      remoteBrokerConnection: {
        endpoint: 'remote.test:1883',
        tls: { tlsEnabled: false },
        authentication: { anonymous: {} },
      },
      ...spec,
    },
  };
}

/** A valid topic map of one route outwards. */
export function topicMapResource(name: string, connector: string, source = `${name}/#`): SentResource {
  const route = { direction: 'local-to-remote', name: `${name}-out`, source };
  return {
    apiVersion: API_VERSION,
    kind: 'MqttBridgeTopicMap',
    metadata: { name },
    spec: { mqttBridgeConnectorRef: connector, routes: [route] },
  };
}
