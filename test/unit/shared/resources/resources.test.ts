import { describe, expect, it } from 'vitest';
import { authenticationOf } from '../../../../shared/resources/authentication.ts';
import { type ConnectorInput, connectorSchema, remoteSessionsOf } from '../../../../shared/resources/connector.ts';
import { API_VERSION } from '../../../../shared/resources/metadata.ts';
import { deadLetterTopicOf } from '../../../../shared/resources/topic-map.ts';
import { sampleConnector, sampleRoute } from '../sample.ts';

type Remote = ConnectorInput['spec']['remoteBrokerConnection']['authentication'];
type Local = NonNullable<ConnectorInput['spec']['localBrokerConnection']>['authentication'];

const remote = (authentication: Remote) => ({
  remoteBrokerConnection: { endpoint: 'r.test:8883', tls: { tlsEnabled: true }, authentication },
});
const local = (authentication: Local) => ({ localBrokerConnection: { endpoint: 'l.test:1883', authentication } });

describe('defaults', () => {
  it('of a connector are those of the original and of docs/reference/fields.md', () => {
    const connector = connectorSchema.parse({
      apiVersion: API_VERSION,
      kind: 'MqttBridgeConnector',
      metadata: { name: 'c' },
      spec: remote({ anonymous: {} }),
    });
    expect(connector.spec).toEqual({
      protocol: 'v5',
      bridgeInstances: 1,
      clientIdPrefix: '',
      logLevel: 'info',
      maxHops: 4,
      session: {
        expirySeconds: 3600,
        keepAliveSeconds: 60,
        maxInflightMessages: 100,
        maxInflightBytes: 4_194_304,
        maxPacketBytes: 16_777_216,
      },
      localBrokerConnection: {
        endpoint: 'aio-mq-dmqtt-frontend:1883',
        protocol: 'mqtt',
        tls: { tlsEnabled: false },
        authentication: {
          kubernetes: { secretPath: '/var/run/serviceaccount/localbroker', serviceAccountTokenName: 'sat' },
        },
      },
      remoteBrokerConnection: {
        endpoint: 'r.test:8883',
        protocol: 'mqtt',
        tls: { tlsEnabled: true },
        authentication: { anonymous: {} },
      },
    });
  });

  it('of a route', () => {
    expect(sampleRoute()).toEqual({
      direction: 'local-to-remote',
      name: 'r',
      source: 'a',
      qos: 1,
      retain: 'Keep',
      excludes: [],
      onReject: 'drop',
    });
  });

  it('of remote sessions depend on the authentication', () => {
    const managed = remote({ systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } });
    expect(remoteSessionsOf(sampleConnector())).toBe('perRoute');
    expect(remoteSessionsOf(sampleConnector(managed))).toBe('perInstance');
    expect(remoteSessionsOf(sampleConnector({ ...managed, remoteSessions: 'perRoute' }))).toBe('perRoute');
    expect(remoteSessionsOf(sampleConnector({ remoteSessions: 'perInstance' }))).toBe('perInstance');
  });

  it('of the dead-letter topic name connector and route', () => {
    expect(deadLetterTopicOf('c', sampleRoute())).toBe('mqttbridge/c/dead-letter/r');
    expect(deadLetterTopicOf('c', sampleRoute({ deadLetterTopic: 'dead' }))).toBe('dead');
  });
});

describe('the authentication method', () => {
  const keyVault = {
    vault: { name: 'v', directoryId: 'd', credentials: { servicePrincipalLocalSecretName: 's' } },
    vaultCert: { name: 'cert' },
  };
  it.each<[Remote, object]>([
    [{ anonymous: {} }, { kind: 'anonymous' }],
    [{ usernamePassword: { secretName: 's' } }, { kind: 'usernamePassword', secretName: 's' }],
    [{ x509: { secretName: 's' } }, { kind: 'x509', secretName: 's' }],
    [{ x509: { keyVault } }, { kind: 'x509KeyVault', keyVault }],
    [
      { systemAssignedManagedIdentity: { audience: 'a', extensionName: 'mq' } },
      { kind: 'managedIdentity', audience: 'a', extensionName: 'mq' },
    ],
  ])('at the remote broker: %j', (methods, expected) => {
    expect(authenticationOf(sampleConnector(remote(methods)), 'remote')).toEqual(expected);
  });

  const token = {
    kind: 'kubernetes',
    secretPath: '/var/run/serviceaccount/localbroker',
    serviceAccountTokenName: 'sat',
  };
  it.each<[Local, 'v3' | 'v5', object]>([
    [{ anonymous: {} }, 'v5', { kind: 'anonymous' }],
    [{ usernamePassword: { secretName: 's' } }, 'v5', { kind: 'usernamePassword', secretName: 's' }],
    [{ x509: { secretName: 's' } }, 'v5', { kind: 'x509', secretName: 's' }],
    [{ x509: { keyVault } }, 'v5', { kind: 'x509KeyVault', keyVault }],
    [{ kubernetes: {} }, 'v5', { ...token, method: 'enhanced' }],
    [{ kubernetes: {} }, 'v3', { ...token, method: 'username' }],
    [{ kubernetes: { method: 'username' } }, 'v5', { ...token, method: 'username' }],
    [undefined, 'v5', { ...token, method: 'enhanced' }],
  ])('at the local broker: %j with %s', (methods, protocol, expected) => {
    expect(authenticationOf(sampleConnector({ ...local(methods), protocol }), 'local')).toEqual(expected);
  });
});

describe('names that become a part of a URL', () => {
  const vault = { name: 'plant', directoryId: 'd', credentials: { servicePrincipalLocalSecretName: 's' } };
  const parsed = (more: object, cert: object = { name: 'c' }) =>
    sampleConnector(
      remote({ x509: { keyVault: { vault: { ...vault, ...more }, vaultCert: cert as { name: string } } } }),
    );
  it.each(['', 'a.b', 'evil.example/', 'a@b', '-a', 'x'.repeat(25), 'ä'])('a vault named "%s" is refused', (name) => {
    expect(() => parsed({ name })).toThrow();
  });
  it.each(['', 'a/b', 'a_b', '..', 'a?b', 'x'.repeat(128)])('a certificate named "%s" is refused', (name) => {
    expect(() => parsed({}, { name })).toThrow();
  });
  it.each(['', '../x', 'a b'])('version "%s" and tenant "%s" are refused', (text) => {
    expect(() => parsed({}, { name: 'c', version: text })).toThrow();
    expect(() => parsed({ directoryId: text })).toThrow();
  });
  it('names as Azure has them are allowed', () => {
    const directoryId = '11111111-2222-3333-4444-555555555555';
    expect(() => parsed({ name: 'Plant-7', directoryId }, { name: 'Edge-1', version: 'latest' })).not.toThrow();
  });
});

describe('names that become paths', () => {
  it.each(['..', '.', 'a/b', '../x', 'a\0', '', 'A', '-a', 'a-', 'a..b', 'x'.repeat(254)])(
    '"%s" is refused',
    (name) => {
      expect(() => sampleConnector(remote({ x509: { secretName: name } }))).toThrow();
    },
  );
  it.each(['a', 'a-b', 'a.b', '0', `${'x'.repeat(63)}.y`])('"%s" is allowed', (name) => {
    expect(authenticationOf(sampleConnector(remote({ x509: { secretName: name } })), 'remote')).toMatchObject({
      secretName: name,
    });
  });
  it.each(['..', '../x', '.hidden', 'a/b', ''])('a token file named "%s" is refused', (name) => {
    expect(() => sampleConnector(local({ kubernetes: { serviceAccountTokenName: name } }))).toThrow();
  });
});
