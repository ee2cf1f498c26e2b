import { expect, test } from 'vitest';
import { CONNECTORS, type StoredObject, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { CONFIG_MAPS, OWNED_KINDS } from '../../../operator/kinds.ts';
import { OWNED_SELECTOR } from '../../../operator/render/labels.ts';
import { eventually } from '../../support/eventually.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { installAccess, OPERATOR_ACCOUNT } from '../../support/kubernetes/installed.ts';
import { inNamespace, openClient, startOperator } from '../../support/kubernetes/operator.ts';
import { plainClient } from '../../support/kubernetes/plain-client.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import { only, objectsOf } from '../infra/manifests.ts';

const namespace = 'default';

test('API server double - is asked by the operator for everything that its role grants, and for nothing else', async (t) => {
  const server = await startApiServer(t);
  const admin = plainClient(server.kubeconfig());
  await installAccess(admin, namespace);
  const client = await openClient(t, server.kubeconfig());
  const token = server.tokenFor(namespace, OPERATOR_ACCOUNT);
  const operator = await startOperator(t, { kubeconfig: server.kubeconfig(token), namespace });
  const count = async () => {
    const lists = OWNED_KINDS.map((kind) => client.list(kind, { namespace, labelSelector: OWNED_SELECTOR }));
    return (await Promise.all(lists)).flatMap(({ items }) => items).length;
  };
  const { remoteBrokerConnection } = connectorResource('edge').spec as { remoteBrokerConnection: object };
  const tls = { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' };
  const connector = connectorResource('edge', { remoteBrokerConnection: { ...remoteBrokerConnection, tls } });
  await client.apply(CONNECTORS, inNamespace(connector, namespace), { manager: 'author' });
  await client.apply(TOPIC_MAPS, inNamespace(topicMapResource('map', 'edge'), namespace), { manager: 'author' });
  await eventually(async () => (await count()) === OWNED_KINDS.length);
  const isJudged = (object: StoredObject | undefined) => object?.['status'] !== undefined;
  await eventually(async () => isJudged(await client.get(TOPIC_MAPS, { namespace, name: 'map' })));
  await client.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca', namespace } });
  await client.remove(CONNECTORS, { namespace, name: 'edge' });
  await eventually(async () => (await count()) === 0);
  await operator.settled();
  await operator.stop();

  const asked = server.log.requests().filter(({ user }) => user.endsWith(`:${OPERATOR_ACCOUNT}`));
  expect(asked.filter(({ code }) => code === 403)).toEqual([]);
  const rules = only(await objectsOf('base'), 'Role')['rules'] as readonly { resources: string[]; verbs: string[] }[];
  const granted = rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => ({ resource, verb }))),
  );
  const used = asked.map(({ verb, resource }) => ({ resource, verb }));
  expect(granted).toEqual(expect.arrayContaining(used));
  const resources = (of: readonly { resource: string }[]) => [...new Set(of.map(({ resource }) => resource))].sort();
  expect(resources(used)).toEqual(resources(granted));
});
