/** Where the agents of the demo find its two brokers, as `host:port`. */
export interface Endpoints {
  readonly local: string;
  readonly remote: string;
}

/** Agents that share the work of the connector. */
export const INSTANCES = 2;
/** The ConfigMap with the certificate of the demo's remote broker. */
export const CA_CONFIG_MAP = 'demo-ca';
/** The demo's connector. */
export const CONNECTOR = 'my-mqtt-bridge';
/** What Event Grid's tokens are for. */
export const AUDIENCE = 'https://eventgrid.azure.net';

/** The reference connector with the endpoints of the demo: TLS and a managed identity on the remote side, neither on the local one. */
export function connectorYaml({ local, remote }: Endpoints): string {
  return `apiVersion: mq.iotoperations.azure.com/v1beta1
kind: MqttBridgeConnector
metadata:
  name: ${CONNECTOR}
  namespace: azure-iot-operations
spec:
  image:
    repository: mcr.microsoft.com/azureiotoperations/mqttbridge
    tag: 0.4.0-preview
    pullPolicy: IfNotPresent
  protocol: v5
  bridgeInstances: ${INSTANCES}
  clientIdPrefix: factory-gateway-
  logLevel: info
  remoteBrokerConnection:
    endpoint: ${remote}
    # By its host name Event Grid would be known as such.
    profile: eventgrid
    tls:
      tlsEnabled: true
      trustedCaCertificateConfigMap: ${CA_CONFIG_MAP}
    authentication:
      systemAssignedManagedIdentity:
        audience: ${AUDIENCE}
  localBrokerConnection:
    endpoint: ${local}
    authentication:
      anonymous: {}
`;
}

/** The routes by which the reference document explains the topic map. */
export const TOPIC_MAP_YAML = `apiVersion: mq.iotoperations.azure.com/v1beta1
kind: MqttBridgeTopicMap
metadata:
  name: my-topic-map
  namespace: azure-iot-operations
spec:
  mqttBridgeConnectorRef: ${CONNECTOR}
  routes:
    - direction: local-to-remote
      name: wildcard-source
      source: telemetry/#
      target: factory/telemetry
    - direction: local-to-remote
      name: send-alerts
      source: alerts
      target: factory/alerts
    - direction: local-to-remote
      name: target-same-as-source
      qos: 0
      source: my-topic/#
    - direction: local-to-remote
      name: shared
      source: shared-sub-topic
      target: remote/topic
      sharedSubscription:
        groupMinimumShareNumber: 3
        groupName: sub-group
    - direction: remote-to-local
      name: receive-commands
      source: commands/factory
`;
