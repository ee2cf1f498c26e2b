import { expect, test } from 'vitest';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { CONNECTORS, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { OWNED_KINDS, STATEFUL_SETS } from '../../../operator/kinds.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { inNamespace, objectsOf, openClient, startOperator } from '../../support/kubernetes/operator.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';

interface Stage {
  readonly namespace: string;
  readonly kubeconfig: string;
  readonly client: KubernetesClient;
}

async function stage(t: Scope): Promise<Stage> {
  const { namespace, kubeconfig } = await openCluster(t);
  return { namespace, kubeconfig, client: await openClient(t, kubeconfig) };
}

async function put({ client, namespace }: Stage, resource: ReturnType<typeof connectorResource>) {
  const kind = resource.kind === 'MqttBridgeConnector' ? CONNECTORS : TOPIC_MAPS;
  return await client.apply(kind, inNamespace(resource, namespace), { manager: 'author', force: true });
}

test('operator - makes everything that runs a connector, owned by it', async (t) => {
  const on = await stage(t);
  const { metadata } = await put(on, connectorResource('edge', { bridgeInstances: 2 }));
  await put(on, topicMapResource('map', 'edge'));
  const operator = await startOperator(t, on);
  await eventually(async () => (await objectsOf(on.client, OWNED_KINDS, on.namespace)).length >= 6);
  await operator.settled();
  const objects = await objectsOf(on.client, OWNED_KINDS, on.namespace);
  const ours = objects.filter(({ metadata: { name } }) => name === 'aio-mq-edge');
  expect(ours.map(({ kind }) => kind)).toEqual(OWNED_KINDS.map(({ kind }) => kind));
  for (const object of ours) {
    expect(object.metadata.ownerReferences).toMatchObject([{ uid: metadata.uid, controller: true }]);
  }
  expect(ours.at(-1)).toMatchObject({ spec: { replicas: 2 } });
  expect(await on.client.get(STATEFUL_SETS, { namespace: on.namespace, name: 'aio-mq-edge' })).toBeDefined();
  const connector = await on.client.get(CONNECTORS, { namespace: on.namespace, name: 'edge' });
  expect(connector).toMatchObject({
    status: {
      observedGeneration: 1,
      conditions: expect.arrayContaining([expect.objectContaining({ type: 'Accepted', status: 'True' })]),
    },
  });
});
