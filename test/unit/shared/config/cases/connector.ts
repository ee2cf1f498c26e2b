import { EVENT_GRID, IDENTITY, LOCAL_OFF, REMOTE, V3, type Case } from './case.ts';

export const CONNECTOR_CASES: readonly Case[] = [
  { rule: 'BC001', at: 'spec.remoteBrokerConnection.endpoint', connector: [['    endpoint: remote.test:8883\n', '']] },
  {
    rule: 'BC002',
    at: 'spec.remoteBrokerConnection.tls.trustedCaCertifcateName',
    connector: [['tlsEnabled: true', 'tlsEnabled: true\n      trustedCaCertifcateName: x']],
    advice: /write trustedCaCertificateConfigMap/,
  },
  {
    rule: 'BC002',
    at: 'spec.remoteBrokerConnection.tls.trustedCaCertificateName',
    connector: [['tlsEnabled: true', 'tlsEnabled: true\n      trustedCaCertificateName: x']],
    advice: /write trustedCaCertificateConfigMap/,
  },
  {
    rule: 'BC002',
    at: 'spec.remoteBrokerConnection.authentication.x509.clientK8sSecret',
    connector: [[/anonymous: \{\}\n$/, 'x509: {clientK8sSecret: x}\n']],
    advice: /write secretName/,
  },
  {
    rule: 'BC002',
    at: 'spec.bridgeinstances',
    connector: [['bridgeInstances', 'bridgeinstances']],
    advice: /write bridgeInstances/,
  },
  {
    rule: 'BC002',
    at: 'spec.wholly',
    connector: [['protocol: v5', 'protocol: v5\n  wholly: different']],
    advice: /the fields here are image, /,
  },
  { rule: 'BC003', at: 'spec.bridgeInstances', connector: [['bridgeInstances: 1', 'bridgeInstances: 65536']] },
  { rule: 'BC003', at: 'spec.protocol', connector: [['protocol: v5', 'protocol: v4']] },
  {
    rule: 'BC004',
    at: 'spec.remoteBrokerConnection.authentication',
    connector: [[/anonymous: \{\}\n$/, 'anonymous: {}\n      usernamePassword: {secretName: x}\n']],
    message: /2 are given/,
  },
  {
    rule: 'BC004',
    at: 'spec.localBrokerConnection.authentication',
    connector: [['authentication:\n      anonymous: {}', 'authentication: {}']],
    message: /none is given/,
  },
  {
    rule: 'BC005',
    at: 'spec.remoteBrokerConnection.endpoint',
    connector: [['remote.test:8883', 'mqtts://remote.test:8883']],
  },
  { rule: 'BC006', at: 'metadata.name', connector: [['name: bridge', 'name: ../bridge']] },
  {
    rule: 'BC006',
    at: 'spec.remoteBrokerConnection.tls.trustedCaCertificateConfigMap',
    connector: [['tlsEnabled: true', 'tlsEnabled: true\n      trustedCaCertificateConfigMap: ../../etc']],
  },
  {
    rule: 'BC007',
    at: 'spec.localBrokerConnection',
    connector: [['    endpoint: local.test:1883\n', '']],
    severity: 'warning',
    advice: /8883 with TLS/,
  },
  {
    rule: 'BC008',
    at: 'spec.remoteBrokerConnection.endpoint',
    connector: [['remote.test:8883', 'remote.test:1883']],
    severity: 'warning',
  },
  {
    rule: 'BC008',
    at: 'spec.localBrokerConnection.endpoint',
    connector: [['local.test:1883', 'local.test:8883']],
    severity: 'warning',
  },
  {
    rule: 'BC009',
    at: 'spec.localBrokerConnection.authentication.kubernetes',
    connector: [['anonymous: {}', 'kubernetes: {}']],
    severity: 'warning',
  },
  {
    rule: 'BC009',
    at: 'spec.localBrokerConnection.authentication.usernamePassword',
    connector: [['anonymous: {}', 'usernamePassword: {secretName: s}']],
    severity: 'warning',
  },
  {
    rule: 'BC010',
    at: 'spec.remoteBrokerConnection.authentication.systemAssignedManagedIdentity',
    connector: [EVENT_GRID, IDENTITY, V3],
  },
  {
    rule: 'BC011',
    at: 'spec.remoteBrokerConnection.tls.tlsEnabled',
    connector: [EVENT_GRID, ['tlsEnabled: true', 'tlsEnabled: false']],
  },
  {
    rule: 'BC012',
    at: 'spec.remoteBrokerConnection.endpoint',
    connector: [['remote.test:8883', 'ns.westeurope-1.eventgrid.azure.net:8883']],
    advice: /use ns\.westeurope-1\.ts\.eventgrid\.azure\.net/,
  },
  {
    rule: 'BC013',
    at: 'spec.remoteBrokerConnection.authentication.systemAssignedManagedIdentity.audience',
    connector: [EVENT_GRID, IDENTITY, ['https://eventgrid.azure.net', 'https://wrong.test']],
    severity: 'warning',
  },
  {
    rule: 'BC014',
    at: 'spec.bridgeInstances',
    connector: [['bridgeInstances: 1', 'bridgeInstances: 0']],
    severity: 'warning',
  },
  {
    rule: 'BC015',
    at: 'spec.remoteBrokerConnection.authentication.x509',
    connector: [
      [
        REMOTE,
        REMOTE.replace('8883', '1883').replace('true', 'false').replace('anonymous: {}', 'x509: {secretName: s}'),
      ],
    ],
  },
  {
    rule: 'BC016',
    at: 'spec.localBrokerConnection.tls.trustedCaCertificateConfigMap',
    connector: [[LOCAL_OFF, LOCAL_OFF.replace('false', 'false\n      trustedCaCertificateConfigMap: ca')]],
    severity: 'warning',
  },
  {
    rule: 'BC017',
    at: 'spec.localBrokerConnection.authentication.kubernetes.method',
    connector: [V3, ['anonymous: {}', 'kubernetes: {method: enhanced}']],
  },
];
