import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readFile } from 'node:fs/promises';
import { readOperatorConfig } from '../../../operator/config.ts';
import { statefulSetOf, connectorOf, objectsOf } from './sample.ts';

const HEAD = 'apiVersion: mqttbridge/v1\nkind: OperatorConfig\n';
const IMAGE = 'image: { repository: registry.test/mqttbridge, tag: "1" }\n';

function optionsOf(text: string) {
  const read = readOperatorConfig(HEAD + text);
  if (read.kind === 'refused') throw new RangeError(read.problems.join('\n'));
  return read.options;
}

function problemsOf(text: string): readonly string[] {
  const read = readOperatorConfig(HEAD + text);
  return read.kind === 'refused' ? read.problems : [];
}

describe("the operator's file", () => {
  test('lets agents watch their own resources unless it says otherwise', () => {
    expect(optionsOf(IMAGE)).toMatchObject({
      image: { repository: 'registry.test/mqttbridge', tag: '1' },
      definition: { kind: 'kubernetes' },
    });
  });

  test('takes empty texts for left out, but for those that mean something', () => {
    const options = optionsOf(`${IMAGE}definition: { controlPlane: { url: "", site: "", audience: "" } }
workloadIdentity: { clientId: "" }
arcExtension: { resourceId: "" }
agents: { serviceAccountName: "", nodeSelector: { "node-role.kubernetes.io/worker": "" } }`);
    expect(options.definition).toEqual({ kind: 'kubernetes' });
    expect(options).not.toHaveProperty('workloadIdentity');
    expect(options).not.toHaveProperty('serviceAccountName');
    expect(options.pods?.nodeSelector).toEqual({ 'node-role.kubernetes.io/worker': '' });
  });

  test.each([
    ['registry.test:5000/a/b:1', 'registry.test:5000/a/b', '1'],
    ['registry.test:5000/a/b', 'registry.test:5000/a/b', 'latest'],
    [`a@sha256:${'0'.repeat(64)}`, 'a', `sha256:${'0'.repeat(64)}`],
    ['mqttbridge:0.1.0', 'mqttbridge', '0.1.0'],
  ])('reads the image reference %s', (reference, repository, tag) => {
    expect(optionsOf(`image: { reference: "${reference}" }`).image).toEqual({ repository, tag });
  });

  test('reads how agents log on to a control plane', () => {
    const url = 'url: "https://bridges.test", site: s';
    expect(optionsOf(`${IMAGE}definition: { controlPlane: { ${url}, audience: "api://x" } }`).definition).toMatchObject(
      {
        logOn: { kind: 'identity', audience: 'api://x' },
      },
    );
    const key = 'key: { secretName: n, key: k }';
    expect(optionsOf(`${IMAGE}definition: { controlPlane: { ${url}, ${key} } }`).definition).toMatchObject({
      logOn: { kind: 'key', secretName: 'n', key: 'k' },
    });
  });

  test.each([
    ['image: { repository: a }', 'image: give repository and tag, or reference'],
    [
      `${IMAGE}definition: { controlPlane: { url: "https://a.test", site: s } }`,
      'definition.controlPlane: give key or audience',
    ],
    [
      `${IMAGE}definition: { kubernetes: {}, controlPlane: { url: "https://a.test", site: s, audience: x } }`,
      'definition: give kubernetes or',
    ],
    [
      `${IMAGE}agents: { extraEnv: [{ name: MQTTBRIDGE_INSTANCE, value: "0" }] }`,
      'agents.extraEnv.0.name: is set by the operator',
    ],
    [`${IMAGE}agents: { podLabels: { app: "not a label!" } }`, 'agents.podLabels.app'],
    [`${IMAGE}localToken: { expirationSeconds: 60 }`, 'localToken.expirationSeconds'],
    [`${IMAGE}unheardOf: 1`, 'the file: Unrecognized key'],
    ['image: [', 'Flow sequence'],
  ])('says what is wrong with %s', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  test('puts into the pods what it says of them, and keeps the labels that pods are found by', () => {
    const options = optionsOf(`${IMAGE}agents:
  podLabels: { app: other, team: a }
  podAnnotations: { example.com/a: b }
  nodeSelector: { kubernetes.io/arch: arm64 }
  affinity: { nodeAffinity: {} }
  tolerations: [{ key: k, operator: Exists }]
  extraEnv: [{ name: HTTPS_PROXY, value: "http://proxy.test" }]
  resources: { limits: { cpu: 1, memory: 1Gi } }`);
    const { template } = statefulSetOf(connectorOf(), options).spec;
    expect(template.metadata.labels).toMatchObject({ app: 'aio-mq-mqttbridge', team: 'a' });
    expect(template.metadata.annotations).toMatchObject({ 'example.com/a': 'b' });
    expect(template.spec).toMatchObject({
      nodeSelector: { 'kubernetes.io/arch': 'arm64' },
      affinity: { nodeAffinity: {} },
      tolerations: [{ key: 'k', operator: 'Exists' }],
      containers: [{ resources: { limits: { cpu: '1', memory: '1Gi' } } }],
    });
    expect(template.spec.containers[0]).toHaveProperty('env.1', { name: 'HTTPS_PROXY', value: 'http://proxy.test' });
  });

  test('binds roles to the service account it names, and makes none', () => {
    const options = optionsOf(`${IMAGE}agents: { serviceAccountName: shared }`);
    const objects = objectsOf(connectorOf(), options);
    expect(objects.map(({ kind }) => kind)).not.toContain('ServiceAccount');
    const binding = objects.find((object) => object.kind === 'RoleBinding');
    expect(binding?.subjects).toMatchObject([{ name: 'shared' }]);
    expect(statefulSetOf(connectorOf(), options).spec.template.spec.serviceAccountName).toBe('shared');
  });

  test.each(['base', 'overlays/arc', 'overlays/dev'])('is what infra/kubernetes/%s installs', async (folder) => {
    const path = new URL(`../../../infra/kubernetes/${folder}/config.yaml`, import.meta.url);
    const text = (await readFile(path, 'utf8')).replaceAll(/\$\{\w+(?::=([^}]*))?\}/g, '$1');
    expect(parseAllDocuments(text)).toHaveLength(1);
    expect(readOperatorConfig(text)).toMatchObject({ kind: 'config' });
  });
});
