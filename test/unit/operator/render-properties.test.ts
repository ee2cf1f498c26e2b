import { normalize } from 'node:path/posix';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { connectionSpecOf } from '../../../agent/session/credentials/spec.ts';
import { CONFIGMAPS_DIR, SECRETS_DIR } from '../../../operator/render/mounts.ts';
import { shortNameOf, workloadNameOf } from '../../../operator/render/names.ts';
import type { RenderOptions } from '../../../operator/render/options.ts';
import { renderConnector } from '../../../operator/render/render.ts';
import { type Connector, connectorSchema } from '../../../shared/resources/connector.ts';
import { wellFormedResources } from '../../support/kubernetes/resource-arbitrary.ts';
import { agentOf, connectorOf, objectsOf, CONTROL_PLANE, OPTIONS, OWNER, statefulSetOf } from './sample.ts';

const LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const NAMES = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?){0,2}$/);

const IMAGES = fc.option(
  fc.record({ repository: fc.constantFrom('r.test/a', 'b'), tag: fc.constantFrom('1', 'x.y') }),
  { nil: undefined },
);
const TOLERATIONS = fc.option(
  fc.record({
    effect: fc.constantFrom('', 'NoSchedule', 'NoExecute'),
    key: fc.constantFrom('a', 'a.test/b'),
    operator: fc.constantFrom('Exists', 'Equal'),
    value: fc.constantFrom('', 'v'),
  }),
  { nil: undefined },
);
const TOKEN_PATHS = fc.constantFrom('/var/run/serviceaccount/localbroker', '/run/secrets/tokens', '/run/tokens');

/** Connectors that a pod can be made of. */
const CONNECTORS = fc
  .tuple(wellFormedResources('MqttBridgeConnector'), NAMES, IMAGES, TOLERATIONS, TOKEN_PATHS)
  .map(([resource, name, image, nodeTolerations, secretPath]): Connector => {
    const { spec, ...rest } = connectorSchema.parse(resource);
    const { kubernetes } = spec.localBrokerConnection.authentication;
    if (kubernetes !== undefined) Object.assign(kubernetes, { secretPath, serviceAccountTokenName: 'sat' });
    return { ...rest, metadata: { name }, spec: { ...spec, image, nodeTolerations } };
  });

const CHOICES: fc.Arbitrary<Partial<RenderOptions>> = fc.record({
  definition: fc.constantFrom(
    CONTROL_PLANE,
    { kind: 'kubernetes' } as const,
    { kind: 'kubernetes', storage: { size: '16Mi' } } as const,
    { ...CONTROL_PLANE, storage: { size: '16Mi' } },
    { ...CONTROL_PLANE, logOn: { kind: 'identity', audience: 'api://m' } as const },
  ),
});

const repeated = (names: readonly string[]) => names.filter((name, index) => names.indexOf(name) !== index);
const RUNS = { numRuns: 150 };

describe('every connector', () => {
  test.prop([CONNECTORS, CHOICES], RUNS)('has names that Kubernetes takes, in pods too', (connector, options) => {
    for (const { metadata } of objectsOf(connector, options)) {
      expect(metadata.name).toMatch(LABEL);
      for (const value of Object.values(metadata.labels)) expect(value).toMatch(/^[A-Za-z0-9][-A-Za-z0-9_.]{0,62}$/);
    }
    const { metadata } = statefulSetOf(connector, options);
    expect(`${metadata.name}-0123456789`.length).toBeLessThanOrEqual(63);
    expect(`${metadata.name}-65535`.length).toBeLessThanOrEqual(63);
  });

  test.prop([CONNECTORS, CHOICES], RUNS)('mounts each volume, each once, and nothing else', (connector, options) => {
    const { template, volumeClaimTemplates = [] } = statefulSetOf(connector, options).spec;
    const { volumeMounts } = agentOf(connector, options);
    const volumes = [
      ...template.spec.volumes.map(({ name }) => name),
      ...volumeClaimTemplates.map((claim) => claim.metadata.name),
    ];
    expect(repeated(volumes)).toEqual([]);
    expect(repeated(volumeMounts.map(({ mountPath }) => mountPath))).toEqual([]);
    expect(volumeMounts.map(({ name }) => name).toSorted()).toEqual(volumes.toSorted());
    for (const name of volumes) expect(name).toMatch(LABEL);
  });

  test.prop([CONNECTORS, CHOICES], RUNS)(
    'has mounted, read-only, whatever its agent looks for',
    (connector, options) => {
      const { volumeMounts } = agentOf(connector, options);
      const readOnly = volumeMounts.filter((mount) => mount.readOnly).map(({ mountPath }) => mountPath);
      const wanted = (['local', 'remote'] as const).flatMap((side) => placesOf(connectionSpecOf(connector, side)));
      const others = readOnly.filter((path) => path !== '/var/run/mqttbridge/control-plane');
      expect(new Set(others)).toEqual(new Set(wanted));
    },
  );

  test.prop([CONNECTORS, CHOICES], RUNS)('gives no right beyond itself and its topic maps', (connector, options) => {
    for (const object of objectsOf(connector, options)) {
      if (object.kind !== 'Role') continue;
      for (const { apiGroups, resources, resourceNames, verbs } of object.rules) {
        expect([...apiGroups, ...resources, ...verbs].join()).not.toContain('*');
        expect(apiGroups).toEqual(['mq.iotoperations.azure.com']);
        expect(resourceNames ?? []).toEqual(resources[0] === 'mqttbridgetopicmaps' ? [] : [connector.metadata.name]);
      }
    }
  });

  test.prop([CONNECTORS, CHOICES], RUNS)('runs within the Pod Security Standard `restricted`', (connector, options) => {
    const { spec } = statefulSetOf(connector, options).spec.template;
    for (const { securityContext } of spec.containers) {
      expect(securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
    }
  });

  test.prop([CONNECTORS, CHOICES], RUNS)('gives the same bytes for the same input', (connector, options) => {
    const again = structuredClone(connector);
    const text = (from: Connector) => JSON.stringify(renderConnector(from, OWNER, { ...OPTIONS, ...options }));
    expect(text(again)).toBe(text(connector));
  });
});

const PARTS = fc.constantFrom(
  'var',
  'run',
  'mqttbridge',
  'secrets',
  'kubernetes.io',
  'azure',
  'tmp',
  'opt',
  '..',
  '.',
  '',
  'a:b',
  'x',
);
const FOLDERS = fc.array(PARTS, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`);

test.prop([FOLDERS], { numRuns: 1_000 })('a token hides no other mount and nothing of the image', (secretPath) => {
  const connector = connectorOf({ localBrokerConnection: { authentication: { kubernetes: { secretPath } } } });
  if (renderConnector(connector, OWNER, OPTIONS).kind === 'refused') return;
  // In images /var/run is a link to /run.
  const paths = agentOf(connector).volumeMounts.map(
    ({ mountPath }) => `${mountPath.replace(/^\/var\/run\//, '/run/')}/`,
  );
  const foreign = ['/run/secrets/kubernetes.io/serviceaccount/', '/run/secrets/azure/tokens/'];
  for (const [index, path] of paths.entries()) {
    expect([...paths.toSpliced(index, 1), ...foreign].filter((other) => other.startsWith(path))).toEqual([]);
  }
  expect(normalize(secretPath)).toBe(secretPath);
  expect(secretPath).toMatch(/^(\/var)?\/run\/[^:]+$/);
});

test.prop([fc.uniqueArray(NAMES, { minLength: 2, maxLength: 20 })])('no two connectors share a workload', (names) => {
  const workloads = names.flatMap((name) => [workloadNameOf(name), workloadNameOf(shortNameOf(name))]);
  const distinct = new Set(names.flatMap((name) => [name, shortNameOf(name)]));
  expect(new Set(workloads).size).toBe(distinct.size);
});

/** Where an agent looks for what this side needs. */
function placesOf({ caConfigMap, authentication }: ReturnType<typeof connectionSpecOf>): readonly string[] {
  const places = caConfigMap === undefined ? [] : [`${CONFIGMAPS_DIR}/${caConfigMap}`];
  switch (authentication.kind) {
    case 'x509':
    case 'usernamePassword':
      return [...places, `${SECRETS_DIR}/${authentication.secretName}`];
    case 'x509KeyVault':
      return [...places, `${SECRETS_DIR}/${authentication.keyVault.vault.credentials.servicePrincipalLocalSecretName}`];
    case 'kubernetes':
      return [...places, authentication.secretPath];
    case 'anonymous':
    case 'managedIdentity':
      return places;
  }
}
