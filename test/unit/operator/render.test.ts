import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { renderConnector } from '../../../operator/render/render.ts';
import { connectorSchema } from '../../../shared/resources/connector.ts';
import { agentOf, connectorOf, objectsOf, CONTROL_PLANE, OPTIONS, OWNER, statefulSetOf } from './sample.ts';

const TLS = { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' };
const remote = (authentication: object, tls: object = TLS) => ({
  remoteBrokerConnection: { endpoint: 'remote.test:8883', tls, authentication },
});
const local = (authentication: object) => ({
  localBrokerConnection: { endpoint: 'local.test:8883', tls: TLS, authentication },
});
const KEY_VAULT = {
  vault: { name: 'v', directoryId: 't', credentials: { servicePrincipalLocalSecretName: 'vault-reader' } },
  vaultCert: { name: 'c' },
};
const IDENTITY = { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } };
const SIDECAR = {
  name: 'arc-msi-adapter',
  image: 'adapter:1',
  securityContext: { capabilities: { add: ['NET_ADMIN'] } },
};
const podOf = (...args: Parameters<typeof statefulSetOf>) => statefulSetOf(...args).spec.template.spec;

test('the connector of the original documentation becomes the objects in the golden file', async () => {
  const text = await readFile(new URL('../../../examples/reference/connector.yaml', import.meta.url), 'utf8');
  const objects = objectsOf(connectorSchema.parse(parse(text)), {
    definition: { kind: 'kubernetes' },
    identitySidecar: SIDECAR,
    extensionResourceId: '/subscriptions/s/extensions/mq',
  });
  const yaml = objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
  await expect(yaml).toMatchFileSnapshot('golden/reference.yaml');
});

describe('a field of the connector appears in the pod', () => {
  test.each([
    ['one instance per pod', { bridgeInstances: 3 }, { spec: { replicas: 3, podManagementPolicy: 'Parallel' } }],
    ['none', { bridgeInstances: 0 }, { spec: { replicas: 0 } }],
  ])('%s', (_, spec, expected) => {
    expect(statefulSetOf(connectorOf(spec))).toMatchObject(expected);
  });

  const image = { repository: 'own.test:5000/bridge', tag: '2' };
  test.each([
    ['no image', {}, 'registry.test/mqttbridge:0.1.0', 'IfNotPresent'],
    ['an image', { image }, 'own.test:5000/bridge:2', 'IfNotPresent'],
    [
      'a digest',
      { image: { ...image, tag: `sha256:${'a'.repeat(64)}` } },
      `own.test:5000/bridge@sha256:${'a'.repeat(64)}`,
      'IfNotPresent',
    ],
    ['a pull policy', { image: { ...image, pullPolicy: 'Always' } }, 'own.test:5000/bridge:2', 'Always'],
    [
      'the image of the original, which is replaced',
      {
        image: {
          repository: 'mcr.microsoft.com/azureiotoperations/mqttbridge',
          tag: '0.4.0-preview',
          pullPolicy: 'Never',
        },
      },
      'registry.test/mqttbridge:0.1.0',
      'Never',
    ],
  ])('image: %s', (_, spec, reference, imagePullPolicy) => {
    expect(agentOf(connectorOf(spec))).toMatchObject({ image: reference, imagePullPolicy });
  });

  test.each(['a', 'a/b__c', 'R.test/a-b/c.d', 'r:5000/a', '[::1]:5000/a'])('image of %s', (repository) => {
    expect(agentOf(connectorOf({ image: { repository, tag: '1' } })).image).toBe(`${repository}:1`);
  });

  test('pull secrets: that of the connector first, then those of the installation, each once', () => {
    const connector = connectorOf({ image: { ...image, pullSecrets: 'mine' } });
    const pod = podOf(connector, { image: { ...OPTIONS.image, pullSecrets: ['ours', 'mine'] } });
    expect(pod.imagePullSecrets).toEqual([{ name: 'mine' }, { name: 'ours' }]);
  });

  const taint = { effect: 'NoSchedule', key: 'edge', operator: 'Equal', value: 'yes' };
  test.each([
    ['one that compares', taint, taint],
    [
      'one that only exists, without its value',
      { ...taint, operator: 'Exists' },
      { effect: 'NoSchedule', key: 'edge', operator: 'Exists' },
    ],
    ['one of everything', { effect: '', key: '', operator: 'Exists', value: '' }, { operator: 'Exists' }],
  ])('toleration: %s', (_, nodeTolerations, expected) => {
    expect(podOf(connectorOf({ nodeTolerations })).tolerations).toEqual([expected]);
  });
});

describe('what the agent reads is mounted where it looks', () => {
  test.each([
    ['a certificate', remote({ x509: { secretName: 'cert' } }), 'cert'],
    ['a reader of a key vault', remote({ x509: { keyVault: KEY_VAULT } }), 'vault-reader'],
    ['a password', remote({ usernamePassword: { secretName: 'login' } }), 'login'],
    ['a local certificate', local({ x509: { secretName: 'a.b' } }), 'a.b'],
    ['a local password', local({ usernamePassword: { secretName: 'login' } }), 'login'],
  ])('%s', (_, spec, secretName) => {
    const pod = podOf(connectorOf(spec));
    expect(pod.volumes).toContainEqual({
      name: 'secret-0',
      secret: { secretName, optional: true, defaultMode: 0o440 },
    });
    expect(agentOf(connectorOf(spec)).volumeMounts).toContainEqual({
      name: 'secret-0',
      mountPath: `/var/run/mqttbridge/secrets/${secretName}`,
      readOnly: true,
    });
  });

  test('one ConfigMap for both brokers is mounted once', () => {
    const connector = connectorOf({ ...remote({ anonymous: {} }), ...local({ anonymous: {} }) });
    const volumes = podOf(connector).volumes.filter((volume) => 'configMap' in volume);
    expect(volumes).toEqual([{ name: 'configmap-0', configMap: { name: 'ca', optional: true, defaultMode: 0o440 } }]);
  });

  test.each([
    ['enhanced authentication', {}, {}, 'aio-internal', 86_400],
    ['a user name', { method: 'username' }, {}, 'aio-mq', 86_400],
    ['what the installation says', {}, { audience: 'mine', expirationSeconds: 600 }, 'mine', 600],
  ])('the token for the local broker, by %s', (_, kubernetes, localToken, audience, expirationSeconds) => {
    const connector = connectorOf(
      local({ kubernetes: { secretPath: '/run/secrets/tokens', serviceAccountTokenName: 't', ...kubernetes } }),
    );
    const pod = podOf(connector, { localToken });
    const sources = [{ serviceAccountToken: { audience, expirationSeconds, path: 't' } }];
    expect(pod.volumes).toContainEqual({ name: 'local-broker-token', projected: { defaultMode: 0o440, sources } });
    expect(agentOf(connector).volumeMounts).toContainEqual({
      name: 'local-broker-token',
      mountPath: '/run/secrets/tokens',
      readOnly: true,
    });
  });

  test('the last good definition survives the pod when a claim is asked for', () => {
    const { spec } = statefulSetOf(connectorOf(), {
      definition: { ...CONTROL_PLANE, storage: { size: '16Mi', storageClassName: 'local-path' } },
    });
    expect(spec.volumeClaimTemplates).toMatchObject([
      { metadata: { name: 'data' }, spec: { storageClassName: 'local-path' } },
    ]);
    expect(spec.template.spec.volumes.map(({ name }) => name)).not.toContain('data');
  });
});

describe('an identity of Azure', () => {
  test('comes from the sidecar of the Arc extension, taken over as it is', () => {
    const pod = podOf(connectorOf(remote(IDENTITY)), { identitySidecar: SIDECAR });
    expect(pod.containers.slice(1)).toEqual([SIDECAR]);
    expect(pod.automountServiceAccountToken).toBe(true);
  });

  test('needs no sidecar where nothing asks for a token', () => {
    expect(podOf(connectorOf(), { identitySidecar: SIDECAR }).containers).toHaveLength(1);
  });

  test('is asked for to log on to the control plane too', () => {
    const definition = { ...CONTROL_PLANE, logOn: { kind: 'identity', audience: 'api://mqttbridge' } } as const;
    const pod = podOf(connectorOf(), { identitySidecar: SIDECAR, definition });
    expect(pod.containers).toHaveLength(2);
    expect(pod.volumes.map(({ name }) => name)).not.toContain('control-plane-key');
  });

  test('may be federated with the service account', () => {
    const objects = objectsOf(connectorOf(remote(IDENTITY)), { workloadIdentity: { clientId: 'client' } });
    expect(objects[0]?.metadata.annotations).toMatchObject({ 'azure.workload.identity/client-id': 'client' });
    expect(objects.at(-1)).toMatchObject({
      spec: { template: { metadata: { labels: { 'azure.workload.identity/use': 'true' } } } },
    });
  });
});

describe('a definition from the cluster itself', () => {
  const definition = { kind: 'kubernetes' } as const;

  test('is asked for with the credentials of the pod', () => {
    expect(agentOf(connectorOf(), { definition }).args).toEqual(
      expect.arrayContaining(['--kubernetes', '--connector=bridge']),
    );
    expect(podOf(connectorOf(), { definition }).automountServiceAccountToken).toBe(true);
  });

  test('is kept in the folder that the agent is told, which a claim may outlive the pod with', () => {
    const storage = { size: '16Mi' };
    for (const options of [{ definition }, { definition: { ...definition, storage } }]) {
      const { args, volumeMounts } = agentOf(connectorOf(), options);
      expect(args).toContain('--data=/var/lib/mqttbridge');
      expect(volumeMounts).toContainEqual({ name: 'data', mountPath: '/var/lib/mqttbridge' });
    }
    const { spec } = statefulSetOf(connectorOf(), { definition: { ...definition, storage } });
    expect(spec.volumeClaimTemplates).toMatchObject([{ metadata: { name: 'data' } }]);
  });

  test('asks for no identity of Azure', () => {
    const pod = podOf(connectorOf(), { identitySidecar: SIDECAR, definition });
    expect(pod.containers).toHaveLength(1);
    expect(pod.volumes.map(({ name }) => name)).not.toContain('control-plane-key');
  });
});

describe('rights', () => {
  test('there are none, and no credentials to use them with, where definitions come from a control plane', () => {
    const objects = objectsOf(connectorOf());
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'Service',
      'PodDisruptionBudget',
      'StatefulSet',
    ]);
    expect(podOf(connectorOf()).automountServiceAccountToken).toBe(false);
  });

  test('they reach one connector, its status and the topic maps, and no Secret, where agents watch their definition', () => {
    const role = objectsOf(connectorOf(), { definition: { kind: 'kubernetes' } }).find(
      (object) => object.kind === 'Role',
    );
    expect(
      role?.rules.map(({ resources, resourceNames, verbs }) => [resources.join(), resourceNames?.join(), verbs.join()]),
    ).toEqual([
      ['mqttbridgeconnectors', 'bridge', 'list,watch'],
      ['mqttbridgeconnectors/status', 'bridge', 'patch'],
      ['mqttbridgetopicmaps', undefined, 'list,watch'],
    ]);
  });
});

describe('pods restart', () => {
  const before = statefulSetOf(connectorOf()).spec.template;
  const endpoints = {
    ...remote({ anonymous: {} }, { tlsEnabled: true }),
    localBrokerConnection: { authentication: { anonymous: {} } },
  };

  test.each([
    ['the number of instances', { bridgeInstances: 7 }],
    ['the log level', { logLevel: 'debug' }],
    ['the client ID prefix', { clientIdPrefix: 'other' }],
    ['limits of sessions', { session: { keepAliveSeconds: 30 } }],
    ['addresses of brokers', endpoints],
  ])('never for %s', (_, spec) => {
    expect(statefulSetOf(connectorOf(spec)).spec.template).toEqual(before);
  });

  test.each([
    ['another image', { image: { repository: 'r', tag: '1' } }],
    ['another Secret', remote({ usernamePassword: { secretName: 'login' } })],
    ['another toleration', { nodeTolerations: { effect: '', key: 'k', operator: 'Exists', value: '' } }],
  ])('for %s', (_, spec) => {
    expect(statefulSetOf(connectorOf(spec)).spec.template).not.toEqual(before);
  });
});

describe('a connector that no pod can be made of is refused with the field', () => {
  const image = { repository: 'r', tag: '1' };
  const taint = { effect: '', key: 'k', operator: 'Equal', value: '' };
  const token = (kubernetes: object) => local({ kubernetes });
  const badPath = (secretPath: string): [path: string, spec: Readonly<Record<string, unknown>>] => [
    'spec.localBrokerConnection.authentication.kubernetes.secretPath',
    token({ secretPath }),
  ];
  test.each<[path: string, spec: Readonly<Record<string, unknown>>]>([
    ...['a b', 'a:1', 'A', 'r.test/A', 'r.test:x/a', '/a', 'a/', 'a@b', `${'a'.repeat(5_000)}!`].map(
      (repository): [path: string, spec: Readonly<Record<string, unknown>>] => [
        'spec.image.repository',
        { image: { ...image, repository } },
      ],
    ),
    ['spec.image.tag', { image: { ...image, tag: '-' } }],
    ['spec.image.pullPolicy', { image: { ...image, pullPolicy: 'always' } }],
    ['spec.image.pullSecrets', { image: { ...image, pullSecrets: 'A' } }],
    ['spec.nodeTolerations.operator', { nodeTolerations: { ...taint, operator: '=' } }],
    ['spec.nodeTolerations.effect', { nodeTolerations: { ...taint, effect: 'No' } }],
    ['spec.nodeTolerations.key', { nodeTolerations: { ...taint, key: '' } }],
    ['spec.nodeTolerations.key', { nodeTolerations: { ...taint, key: '/' } }],
    ['spec.nodeTolerations.value', { nodeTolerations: { ...taint, value: 'a b' } }],
    ...[
      '/',
      '/tmp',
      '/app',
      '/var/run',
      '/run/',
      '/var/run/mqttbridge',
      '/run/mqttbridge/secrets/x',
      '/run/a/../mqttbridge',
    ].map(badPath),
    ...['/run/secrets', '/var/run/secrets/kubernetes.io/x', '/run/secrets/azure/tokens', '/run/a:b', '/run/a//b'].map(
      badPath,
    ),
    [
      'spec.localBrokerConnection.authentication.kubernetes.serviceAccountTokenName',
      token({ serviceAccountTokenName: 'a'.repeat(256) }),
    ],
  ])('%s: %j', (path, spec) => {
    expect(renderConnector(connectorOf(spec), OWNER, OPTIONS)).toMatchObject({
      kind: 'refused',
      obstacles: [{ path }],
    });
  });
});
