import { describe, expect, test } from 'vitest';
import type { StatefulSet } from '../../../operator/render/kubernetes.ts';
import { renderConnector } from '../../../operator/render/render.ts';
import { declared } from '../../support/bicep/template.ts';
import { walk } from '../../support/bicep/walk.ts';
import type { KubeObject } from '../../support/kubernetes/api-server/object.ts';
import { buildKustomization } from '../../support/kubernetes/kustomize/build.ts';
import { manifestFaults } from '../../support/kubernetes/manifest/faults.ts';
import { connectorOf, OWNER } from '../../unit/operator/sample.ts';
import { folderPath, LEAST, objectsOf, only, optionsOf, templateOf, TYPICAL } from './manifests.ts';
import { readRepositoryFile, template } from './templates.ts';

function operatorImage(objects: readonly KubeObject[]): string | undefined {
  return templateOf(only(objects, 'Deployment', /^mqttbridge-operator$/)).spec.containers[0]?.image;
}

describe('what the operator makes of its configuration', () => {
  test('the base has agents ask the cluster, of the image that the operator has', async () => {
    const objects = await objectsOf('base');
    const options = optionsOf(objects);
    expect(options.definition).toEqual({ kind: 'kubernetes' });
    expect(`${options.image.repository}:${options.image.tag}`).toBe(operatorImage(objects));
  });

  test('the overlay without a cloud has them run what was built on the machine', async () => {
    const objects = await objectsOf('overlays/dev');
    expect(optionsOf(objects).image).toEqual({ repository: 'mqttbridge', tag: 'dev', pullPolicy: 'Never' });
    expect(operatorImage(objects)).toBe('mqttbridge:dev');
  });

  test('all that Flux is given arrives', async () => {
    expect(optionsOf(await objectsOf('overlays/arc'))).toEqual({
      image: { repository: 'registry.test:5000/team/mqttbridge', tag: '1.2.3', pullPolicy: 'IfNotPresent' },
      definition: {
        kind: 'control-plane',
        url: TYPICAL.MQTTBRIDGE_CONTROL_PLANE,
        site: '4711',
        logOn: { kind: 'identity', audience: TYPICAL.MQTTBRIDGE_AUDIENCE },
      },
      serviceAccountName: 'edge-bridges',
      workloadIdentity: { clientId: TYPICAL.MQTTBRIDGE_CLIENT_ID },
      pods: {},
    });
  });

  test('what Flux is given empty is left out: agents ask the cluster, of the image of the operator', async () => {
    const objects = await objectsOf('overlays/arc', LEAST);
    const options = optionsOf(objects);
    expect(options).toMatchObject({ definition: { kind: 'kubernetes' }, serviceAccountName: 'mqttbridge' });
    expect(options.workloadIdentity).toBeUndefined();
    expect(`${options.image.repository}:${options.image.tag}`).toBe(operatorImage(objects));
  });

  test('without a control plane, a site and an audience mean nothing', async () => {
    const objects = await objectsOf('overlays/arc', { ...TYPICAL, MQTTBRIDGE_CONTROL_PLANE: '' });
    expect(optionsOf(objects).definition).toEqual({ kind: 'kubernetes' });
  });

  test('a control plane without anything to log on with is refused, and not taken for none', async () => {
    const objects = await objectsOf('overlays/arc', { ...TYPICAL, MQTTBRIDGE_AUDIENCE: '' });
    expect(() => optionsOf(objects)).toThrow('definition.controlPlane: give key or audience to log on with');
  });

  test('agents of the overlay for Flux run as the account that it makes, with the identity it stands for', async () => {
    const objects = await objectsOf('overlays/arc');
    const rendering = renderConnector(connectorOf(), OWNER, optionsOf(objects));
    if (rendering.kind === 'refused') throw new Error(JSON.stringify(rendering.obstacles));
    const set = rendering.objects.find(({ kind }) => kind === 'StatefulSet') as StatefulSet;
    const account = only(objects, 'ServiceAccount', new RegExp(`^${set.spec.template.spec.serviceAccountName}$`));
    expect(account.metadata.annotations).toEqual({
      'azure.workload.identity/client-id': TYPICAL.MQTTBRIDGE_CLIENT_ID,
    });
    expect(set.spec.template.metadata.labels).toMatchObject({ 'azure.workload.identity/use': 'true' });
  });
});

describe('the overlay for Flux', () => {
  test('uses what the deployment passes, all of it and nothing else', async () => {
    const [edge] = declared(template('main.bicep'), 'module').filter(({ name }) => name === 'edge');
    const passed = [...walk(edge?.value)].flatMap((one) =>
      one.kind === 'object'
        ? one.properties.flatMap(({ name = '' }) => (name.startsWith('MQTTBRIDGE_') ? [name] : []))
        : [],
    );
    const text = JSON.stringify(await buildKustomization(folderPath('overlays/arc')));
    const used = [...text.matchAll(/\$\{(MQTTBRIDGE_\w+)/g)].map(([, name = '']) => name);
    expect([...new Set(used)].sort()).toEqual(passed.sort());
    expect(Object.keys(TYPICAL).sort()).toEqual(passed.sort());
  });

  test('takes empty values as well, with the namespace as the only one that must be there', async () => {
    for (const object of await objectsOf('overlays/arc', LEAST)) {
      expect([object.kind, object.metadata.name, ...manifestFaults(object)]).toHaveLength(2);
    }
    const objects = await objectsOf('overlays/arc', LEAST);
    expect(objects.some(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === 'mqttbridge')).toBe(
      true,
    );
  });

  test('leaves no reference behind, but in definitions, which Flux does not touch', async () => {
    for (const object of await objectsOf('overlays/arc')) {
      if (object.kind === 'CustomResourceDefinition') continue;
      expect(JSON.stringify(object)).not.toContain('${');
    }
  });

  test('restarts the operator when a value changes that its configuration has', async () => {
    const built = await buildKustomization(folderPath('overlays/arc'));
    const config = JSON.stringify(only(built, 'ConfigMap')['data']);
    const pod = JSON.stringify(templateOf(only(built, 'Deployment')));
    const names = [...config.matchAll(/: \\"\$\{(\w+)/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) expect(pod).toContain(`\${${name}`);
  });

  test('keeps the definitions, and so all connectors, when the Flux configuration ends', async () => {
    const definitions = (await objectsOf('overlays/arc')).filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(definitions).toHaveLength(2);
    for (const { metadata } of definitions) {
      expect(metadata.annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' });
    }
  });
});

test('the version of the image is that of the package', async () => {
  const { version } = JSON.parse(await readRepositoryFile('package.json')) as { version: string };
  expect(operatorImage(await objectsOf('base'))).toBe(`mqttbridge:${version}`);
  expect(operatorImage(await objectsOf('overlays/arc', LEAST))).toBe(`mqttbridge:${version}`);
});
