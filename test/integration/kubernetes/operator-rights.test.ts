import { expect, test } from 'vitest';
import { CONNECTORS, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { OWNED_KINDS, SECRETS } from '../../../operator/kinds.ts';
import { OWNED_SELECTOR } from '../../../operator/render/labels.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { installAccess, OPERATOR_ACCOUNT } from '../../support/kubernetes/installed.ts';
import { inNamespace, openClient, startOperator } from '../../support/kubernetes/operator.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';

test('operator - does all its work with the rights of infra/kubernetes/base', async (t) => {
  const { namespace, kubeconfig, kubeconfigFor, admin } = await openCluster(t);
  await installAccess(admin, namespace);
  const client = await openClient(t, kubeconfig);
  const put = async (kind: typeof CONNECTORS, resource: ReturnType<typeof connectorResource>) =>
    await client.apply(kind, inNamespace(resource, namespace), { manager: 'author', force: true });
  const owned = async () => {
    const selection = { namespace, labelSelector: OWNED_SELECTOR };
    const lists = await Promise.all(OWNED_KINDS.map((kind) => client.list(kind, selection)));
    return lists.flatMap(({ items }) => items);
  };
  await put(CONNECTORS, connectorResource('edge'));
  await put(TOPIC_MAPS, topicMapResource('map', 'edge'));

  const operator = await startOperator(t, { kubeconfig: await kubeconfigFor(OPERATOR_ACCOUNT), namespace });
  await eventually(async () => (await owned()).length === OWNED_KINDS.length);
  await put(CONNECTORS, connectorResource('edge', { bridgeInstances: 3 }));
  await eventually(async () =>
    (await owned()).some(({ spec }) => (spec as { replicas?: number } | undefined)?.replicas === 3),
  );
  await eventually(async () => {
    const found = await client.get(TOPIC_MAPS, { namespace, name: 'map' });
    return (found as { status?: { conditions?: unknown[] } } | undefined)?.status?.conditions !== undefined;
  });
  await operator.settled();
  await operator.stop();

  expect(operator.lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
});

test('operator - may read the Secrets that a role names, and is told when one is missing', async (t) => {
  const { namespace, kubeconfig, kubeconfigFor, admin } = await openCluster(t);
  await installAccess(admin, namespace);
  const rules = [
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['cloud'], verbs: ['get', 'list', 'watch'] },
  ];
  const name = 'mqttbridge-operator-secrets';
  const [group, metadata] = ['rbac.authorization.k8s.io', { name }];
  const subjects = [{ kind: 'ServiceAccount', name: OPERATOR_ACCOUNT, namespace }];
  const roleRef = { apiGroup: group, kind: 'Role', name };
  const at = `/apis/${group}/v1/namespaces/${namespace}`;
  await admin.call('POST', `${at}/roles`, { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules });
  const binding = { apiVersion: `${group}/v1`, kind: 'RoleBinding', metadata, roleRef, subjects };
  await admin.call('POST', `${at}/rolebindings`, binding);
  const client = await openClient(t, kubeconfig);
  const { remoteBrokerConnection } = connectorResource('edge').spec as { remoteBrokerConnection: object };
  const authentication = { usernamePassword: { secretName: 'cloud' } };
  const connector = connectorResource('edge', {
    remoteBrokerConnection: { ...remoteBrokerConnection, authentication },
  });
  await client.apply(CONNECTORS, inNamespace(connector, namespace), { manager: 'author' });

  const operator = await startOperator(t, { kubeconfig: await kubeconfigFor(OPERATOR_ACCOUNT), namespace });
  const reasons = async () => {
    const found = await client.get(CONNECTORS, { namespace, name: 'edge' });
    const { conditions = [] } = (found?.['status'] ?? {}) as { conditions?: { reason: string }[] };
    return conditions.map(({ reason }) => reason);
  };
  await eventually(async () => (await reasons()).includes('SecretMissing'));
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'cloud', namespace },
    stringData: { username: 'a', password: 'b' },
  };
  await client.create(SECRETS, secret);
  await eventually(async () => !(await reasons()).includes('SecretMissing'));
  expect(operator.snapshot().forbidden).toBe(0);
});

test('operator - is told that a connector is gone when it writes its status too late, and not that it may not', async (t) => {
  const { namespace, kubeconfigFor, admin } = await openCluster(t);
  await installAccess(admin, namespace);
  const client = await openClient(t, await kubeconfigFor(OPERATOR_ACCOUNT));
  const { apiVersion, kind } = CONNECTORS;
  const late = { apiVersion, kind, metadata: { name: 'gone', namespace }, status: { observedGeneration: 1 } };
  const write = client.apply(CONNECTORS, late, { manager: 'mqttbridge-operator', status: true, force: true });
  await expect(write).rejects.toMatchObject({ code: 404 });
});
