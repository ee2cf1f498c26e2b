import { expect, test } from 'vitest';
import { CONNECTORS, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { OWNED_KINDS } from '../../../operator/kinds.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { inNamespace, objectsOf, openClient, startOperator } from '../../support/kubernetes/operator.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';

const NAMES = ['one', 'two', 'three'];

test('operator - looks at everything after a restart, and writes nothing of what is as it should be', async (t) => {
  const { namespace, kubeconfig } = await openCluster(t);
  const client = await openClient(t, kubeconfig);
  for (const name of NAMES) {
    const manager = 'author';
    await client.apply(CONNECTORS, inNamespace(connectorResource(name, { bridgeInstances: 2 }), namespace), {
      manager,
    });
    await client.apply(TOPIC_MAPS, inNamespace(topicMapResource(`${name}-map`, name), namespace), { manager });
  }
  const versions = async () => {
    const objects = await objectsOf(client, [CONNECTORS, TOPIC_MAPS, ...OWNED_KINDS], namespace);
    const own = objects.filter(({ metadata }) => NAMES.some((name) => metadata.name.includes(name)));
    return new Map(own.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]));
  };
  const whole = NAMES.length * (2 + OWNED_KINDS.length);
  const first = await startOperator(t, { kubeconfig, namespace });
  await eventually(async () => (await versions()).size === whole);
  await first.settled();
  await first.stop();

  const before = await versions();
  const second = await startOperator(t, { kubeconfig, namespace });
  await second.settled();
  const { reconciles, writes } = second.snapshot().counts;
  expect(reconciles).toMatchObject({ unchanged: NAMES.length, changed: 0, failed: 0 });
  expect(writes.filter(({ kind }) => kind !== 'Lease')).toEqual([]);
  expect(await versions()).toEqual(before);
});
