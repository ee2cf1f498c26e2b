import { expect, test } from 'vitest';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { CONNECTORS, type ObjectKind, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { readOperatorConfig } from '../../../operator/config.ts';
import { CONFIG_MAPS, OWNED_KINDS, SECRETS, STATEFUL_SETS } from '../../../operator/kinds.ts';
import { eventually } from '../../support/eventually.ts';
import type { KubeObject } from '../../support/kubernetes/api-server/object.ts';
import { openCluster, type TestCluster } from '../../support/kubernetes/cluster.ts';
import { openClient, startOperator, type TestOperator } from '../../support/kubernetes/operator.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';
import { openChart } from '../helm/matrix.ts';

const KINDS: readonly ObjectKind[] = [...OWNED_KINDS, CONFIG_MAPS, CONNECTORS, TOPIC_MAPS];
const chart = await openChart();

const withPassword = (secretName: string) => ({
  localBrokerConnection: { endpoint: 'local.test:1883', authentication: { usernamePassword: { secretName } } },
});
const VALUES = {
  connectors: [connectorResource('edge', withPassword('edge-password')), connectorResource('other')],
  topicMaps: [topicMapResource('map', 'edge')],
};

interface Installed {
  readonly cluster: TestCluster;
  readonly client: KubernetesClient;
  readonly operator: TestOperator;
}

/** What the chart makes, as somebody who installs it applies it; the operator runs as the account of its pods. */
async function install(scope: Scope, values: Readonly<Record<string, unknown>>): Promise<Installed> {
  const cluster = await openCluster(scope);
  const { namespace } = cluster;
  const client = await openClient(scope, cluster.kubeconfig);
  const { objects } = chart.render({ namespace, values });
  for (const object of objects) {
    const kind = KINDS.find((each) => each.kind === object.kind);
    if (kind !== undefined) await client.apply(kind, named(object), { manager: 'helm' });
  }
  const config = objects.find(({ kind }) => kind === 'ConfigMap')?.['data'] as Readonly<Record<string, string>>;
  const read = readOperatorConfig(config['operator.yaml'] ?? '');
  if (read.kind === 'refused') throw new Error(read.problems.join());
  const kubeconfig = await cluster.kubeconfigFor('mqttbridge-operator');
  const operator = await startOperator(scope, { kubeconfig, namespace, render: read.options });
  return { cluster, client, operator };
}

function named(object: KubeObject): KubeObject & { readonly metadata: { readonly namespace: string } } {
  const { namespace = '' } = object.metadata;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function acceptanceOf(connector: Readonly<Record<string, unknown>> | undefined) {
  const status = connector?.['status'] as { conditions?: { type: string; status: string }[] } | undefined;
  return status?.conditions?.find(({ type }) => type === 'Accepted')?.status;
}

test('the rights that the chart gives are enough for the operator, and it sees the Secrets that values name', async (t) => {
  const { cluster, client, operator } = await install(t, VALUES);
  const { namespace } = cluster;
  for (const name of ['edge', 'other']) {
    await eventually(async () => acceptanceOf(await client.get(CONNECTORS, { namespace, name })) === 'True');
    await eventually(
      async () => (await client.get(STATEFUL_SETS, { namespace, name: `aio-mq-${name}` })) !== undefined,
    );
  }
  await client.create(
    SECRETS,
    named({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'edge-password', namespace } }),
  );
  await operator.settled();
  expect(operator.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

test('without the name of a Secret in the values, the operator says by which right it would see it', async (t) => {
  const { cluster, client, operator } = await install(t, {});
  const { namespace } = cluster;
  const connector = connectorResource('edge', withPassword('edge-password'));
  await client.apply(
    CONNECTORS,
    { ...connector, metadata: { ...connector.metadata, namespace } },
    { manager: 'author' },
  );
  await eventually(() => operator.lines.some(({ evt }) => evt === 'NeedForbidden'));
  await eventually(async () => (await client.get(STATEFUL_SETS, { namespace, name: 'aio-mq-edge' })) !== undefined);
});
