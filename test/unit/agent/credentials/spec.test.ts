import { describe, expect, test } from 'vitest';
import { connectionSpecOf } from '../../../../agent/session/credentials/spec.ts';
import { connectorSchema } from '../../../../shared/resources/connector.ts';

const connector = (spec: object) =>
  connectorSchema.parse({
    apiVersion: 'mq.iotoperations.azure.com/v1beta1',
    kind: 'MqttBridgeConnector',
    metadata: { name: 'my-connector', namespace: 'azure-iot-operations' },
    spec,
  });

describe('the connection of a side', () => {
  const both = connector({
    image: { repository: 'r', tag: 't' },
    protocol: 'v5',
    session: { maxPacketBytes: 2048 },
    remoteBrokerConnection: {
      endpoint: '[::1]:443',
      protocol: 'webSocket',
      tls: { tlsEnabled: true, trustedCaCertificateConfigMap: 'trust' },
      authentication: { x509: { secretName: 'client' } },
    },
  });

  test('is taken from the remote block', () => {
    expect(connectionSpecOf(both, 'remote')).toEqual({
      side: 'remote',
      host: '::1',
      port: 443,
      transport: 'ws',
      tlsEnabled: true,
      maxPacketBytes: 2048,
      caConfigMap: 'trust',
      authentication: { kind: 'x509', secretName: 'client' },
    });
  });

  test('has the defaults of the original on the local side', () => {
    expect(connectionSpecOf(both, 'local')).toEqual({
      side: 'local',
      host: 'aio-mq-dmqtt-frontend',
      port: 1883,
      transport: 'tcp',
      tlsEnabled: false,
      maxPacketBytes: 2048,
      authentication: {
        kind: 'kubernetes',
        secretPath: '/var/run/serviceaccount/localbroker',
        serviceAccountTokenName: 'sat',
        method: 'enhanced',
      },
    });
  });
});
