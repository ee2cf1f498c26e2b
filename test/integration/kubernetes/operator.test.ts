import { describe, expect, test } from 'vitest';
import { CONNECTORS, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { CONFIG_MAPS, EVENTS, LEASES, OWNED_KINDS, STATEFUL_SETS } from '../../../operator/kinds.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { RENDER, startOperator } from '../../support/kubernetes/operator.ts';
import { type OperatorStage, operatorStage } from '../../support/kubernetes/operator-stage.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';

const [SERVICE_ACCOUNTS, ROLES, ROLE_BINDINGS, SERVICES] = OWNED_KINDS as [
  (typeof OWNED_KINDS)[0],
  (typeof OWNED_KINDS)[0],
  (typeof OWNED_KINDS)[0],
  (typeof OWNED_KINDS)[0],
];

async function stage(t: Scope): Promise<OperatorStage> {
  return await operatorStage(t, await openCluster(t));
}

/** A namespace in which an operator has brought a connector and its topic map about. */
async function running(t: Scope, spec: object = {}) {
  const on = await stage(t);
  const connector = await on.put(connectorResource('edge', { bridgeInstances: 2, ...spec }));
  await on.put(topicMapResource('map', 'edge'));
  const operator = await startOperator(t, on);
  await eventually(async () => (await on.workload('aio-mq-edge')).length === OWNED_KINDS.length);
  await eventually(async () => (await on.condition(TOPIC_MAPS, 'map', 'Ready')) !== undefined);
  await operator.settled();
  return { on, operator, connector };
}

function writesOf(operator: Awaited<ReturnType<typeof startOperator>>): number {
  return operator.snapshot().counts.writes.reduce((sum, { count }) => sum + count, 0);
}

describe('operator - objects', () => {
  test('makes everything that runs a connector, owned by it, and says so', async (t) => {
    const { on, connector } = await running(t);
    const objects = await on.workload('aio-mq-edge');
    expect(objects.map(({ kind }) => kind).toSorted()).toEqual(OWNED_KINDS.map(({ kind }) => kind).toSorted());
    for (const { metadata } of objects) {
      expect(metadata.ownerReferences).toMatchObject([{ uid: connector.metadata.uid, controller: true }]);
    }
    expect(await on.statefulSet('aio-mq-edge')).toMatchObject({ spec: { replicas: 2 } });
    expect(await on.condition(CONNECTORS, 'edge', 'Accepted')).toMatchObject({ status: 'True' });
    expect(await on.condition(TOPIC_MAPS, 'map', 'ConnectorResolved')).toMatchObject({ status: 'True' });
  });

  test('writes nothing at its next start', async (t) => {
    const { on, operator } = await running(t);
    await operator.stop();
    const second = await startOperator(t, on);
    await second.settled();
    await eventually(() => second.snapshot().counts.reconciles.unchanged > 0);
    expect(second.snapshot().counts.writes).toEqual([]);
  });

  test('follows a change of the instances and of the image, and touches nothing else', async (t) => {
    const { on, operator } = await running(t);
    const before = new Map((await on.workload('aio-mq-edge')).map((object) => [object.kind, object.metadata]));
    const image = { repository: 'registry.test/other', tag: '7' };
    await on.put(connectorResource('edge', { bridgeInstances: 0, image }));
    await eventually(async () => {
      const { spec } = (await on.statefulSet('aio-mq-edge')) as unknown as { spec: Spec };
      return spec.replicas === 0 && spec.template.spec.containers[0].image === 'registry.test/other:7';
    });
    await operator.settled();
    for (const { kind, metadata } of await on.workload('aio-mq-edge')) {
      expect(metadata.uid).toBe(before.get(kind)?.uid);
      if (kind !== 'StatefulSet') expect(metadata.resourceVersion).toBe(before.get(kind)?.resourceVersion);
    }
  });

  test('puts back what others change or delete, and leaves alone what they add', async (t) => {
    const { on, operator } = await running(t);
    const name = { namespace: on.namespace, name: 'aio-mq-edge' };
    await on.client.patch(STATEFUL_SETS, name, [
      { op: 'replace', path: '/spec/replicas', value: 7 },
      { op: 'add', path: '/metadata/annotations/example.com~1mine', value: 'stays' },
      { op: 'remove', path: '/spec/template/spec/containers/0/readinessProbe' },
    ]);
    await on.client.patch(SERVICES, name, [{ op: 'replace', path: '/metadata/labels/app', value: 'mine' }]);
    await on.remove(ROLE_BINDINGS, 'aio-mq-edge');
    await eventually(async () => {
      const { spec, metadata } = (await on.statefulSet('aio-mq-edge')) as unknown as { spec: Spec; metadata: Meta };
      const probe = spec.template.spec.containers[0].readinessProbe;
      return spec.replicas === 2 && probe !== undefined && metadata.annotations['example.com/mine'] === 'stays';
    });
    await eventually(async () => (await on.get(SERVICES, 'aio-mq-edge'))?.metadata.labels?.['app'] !== 'mine');
    await eventually(async () => (await on.get(ROLE_BINDINGS, 'aio-mq-edge')) !== undefined);
    await operator.settled();
    const healed = writesOf(operator);
    await on.client.patch(SERVICES, name, [{ op: 'add', path: '/metadata/labels/theirs', value: 'stays' }]);
    await eventually(() => operator.snapshot().counts.reconciles.unchanged > 0);
    await operator.settled();
    expect(writesOf(operator)).toBe(healed);
  });

  test('removes what another definition or service account makes needless, and nothing of others', async (t) => {
    const { on, operator } = await running(t);
    await operator.stop();
    const logOn = { kind: 'identity', audience: 'api://x' } as const;
    const definition = { kind: 'control-plane', url: 'https://bridges.test', site: 's', logOn } as const;
    const render = { ...RENDER, definition, serviceAccountName: 'theirs' };
    await on.client.create(SERVICE_ACCOUNTS, object('v1', 'ServiceAccount', 'theirs', on.namespace));
    const second = await startOperator(t, { ...on, render });
    await eventually(async () => (await on.workload('aio-mq-edge')).length === 3);
    await second.settled();
    const kinds = (await on.workload('aio-mq-edge')).map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(['PodDisruptionBudget', 'Service', 'StatefulSet']);
    expect(await on.get(SERVICE_ACCOUNTS, 'theirs')).toBeDefined();
  });

  test('touches nothing while somebody else has one of the names, and goes on when it is free', async (t) => {
    const on = await stage(t);
    const theirs = await on.client.create(
      SERVICE_ACCOUNTS,
      object('v1', 'ServiceAccount', 'aio-mq-edge', on.namespace),
    );
    await on.put(connectorResource('edge'));
    const operator = await startOperator(t, on);
    await eventually(async () => (await on.condition(CONNECTORS, 'edge', 'Accepted'))?.reason === 'NameTaken');
    await operator.settled();
    expect((await on.workload('aio-mq-edge')).map(({ metadata }) => metadata.uid)).toEqual([theirs.metadata.uid]);
    expect((await on.get(SERVICE_ACCOUNTS, 'aio-mq-edge'))?.metadata.resourceVersion).toBe(
      theirs.metadata.resourceVersion,
    );
    await on.remove(SERVICE_ACCOUNTS, 'aio-mq-edge');
    await on.put(connectorResource('edge', { bridgeInstances: 3 }));
    await eventually(async () => (await on.workload('aio-mq-edge')).length === OWNED_KINDS.length);
    await eventually(async () => (await on.condition(CONNECTORS, 'edge', 'Accepted'))?.status === 'True');
  });

  test('takes everything away with its connector', async (t) => {
    const { on, operator } = await running(t);
    await on.remove(CONNECTORS, 'edge');
    await eventually(async () => (await on.workload('aio-mq-edge')).length === 0);
    await eventually(
      async () => (await on.condition(TOPIC_MAPS, 'map', 'ConnectorResolved'))?.reason === 'ConnectorNotFound',
    );
    await operator.settled();
    expect(await on.get(TOPIC_MAPS, 'map')).toBeDefined();
  });
});

describe('operator - what is wrong', () => {
  test('keeps what runs when a new generation is invalid, and takes up the next valid one', async (t) => {
    const { on, operator } = await running(t);
    const before = await on.statefulSet('aio-mq-edge');
    const { spec } = topicMapResource('map', 'edge');
    await on.put({ ...topicMapResource('broken', 'edge'), spec });
    await on.put(connectorResource('edge', { bridgeInstances: 5 }));
    await eventually(async () => (await on.condition(CONNECTORS, 'edge', 'Accepted'))?.status === 'False');
    await operator.settled();
    expect((await on.statefulSet('aio-mq-edge'))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
    await on.remove(TOPIC_MAPS, 'broken');
    await eventually(
      async () => ((await on.statefulSet('aio-mq-edge')) as unknown as { spec: Spec }).spec.replicas === 5,
    );
    // The status is written after the objects.
    await eventually(async () => (await on.condition(CONNECTORS, 'edge', 'Accepted'))?.status === 'True');
  });

  test('says of a topic map that its connector is missing, and makes it work when it comes', async (t) => {
    const on = await stage(t);
    await on.put(topicMapResource('map', 'edge'));
    await startOperator(t, on);
    await eventually(async () => (await on.condition(TOPIC_MAPS, 'map', 'ConnectorResolved'))?.status === 'False');
    await on.put(connectorResource('edge'));
    await eventually(async () => (await on.condition(TOPIC_MAPS, 'map', 'ConnectorResolved'))?.status === 'True');
    await eventually(async () => (await on.workload('aio-mq-edge')).length === OWNED_KINDS.length);
  });

  test('names a ConfigMap that is missing, in a condition and an Event, and sees it come', async (t) => {
    const tls = { tlsEnabled: true, trustedCaCertificateConfigMap: 'ca' };
    const localBrokerConnection = { endpoint: 'local.test:8883', tls, authentication: { anonymous: {} } };
    const { on } = await running(t, { localBrokerConnection });
    const reason = async () => (await on.condition(CONNECTORS, 'edge', 'CredentialsValid'))?.reason;
    await eventually(async () => (await reason()) === 'ConfigMapMissing');
    const events = async () => (await on.client.list(EVENTS, { namespace: on.namespace })).items;
    await eventually(async () => (await events()).some((event) => event['reason'] === 'ConfigMapMissing'));
    const ca = { ...object('v1', 'ConfigMap', 'ca', on.namespace), data: { 'ca.crt': 'PEM' } };
    await on.client.create(CONFIG_MAPS, ca);
    await eventually(async () => (await reason()) !== 'ConfigMapMissing');
  });

  test('takes entries of instances that are no more out of the status, and leaves the others', async (t) => {
    const { on } = await running(t);
    for (const instance of ['0', '1', '2']) {
      const status = { instances: [{ instance, revision: 'r' }] };
      const { apiVersion, kind } = CONNECTORS;
      const metadata = { namespace: on.namespace, name: 'edge' };
      const entry = { apiVersion, kind, metadata, status };
      await on.client.apply(CONNECTORS, entry, { manager: `mqttbridge-agent-${instance}`, status: true });
    }
    const instances = async () => {
      const { status } = (await on.get(CONNECTORS, 'edge')) as unknown as {
        status: { instances: { instance: string }[] };
      };
      return status.instances.map(({ instance }) => instance);
    };
    await eventually(async () => (await instances()).join() === '0,1');
    await on.put(connectorResource('edge', { bridgeInstances: 1 }));
    await eventually(async () => (await instances()).join() === '0');
  });
});

describe('operator - several', () => {
  test('only one of two writes, and the other goes on when it stops', async (t) => {
    const { on, operator } = await running(t);
    const second = await startOperator(t, on);
    await eventually(() => second.snapshot().synced);
    await on.put(connectorResource('edge', { bridgeInstances: 3 }));
    await eventually(
      async () => ((await on.statefulSet('aio-mq-edge')) as unknown as { spec: Spec }).spec.replicas === 3,
    );
    expect(second.snapshot()).toMatchObject({ leading: false, counts: { writes: [] } });
    const holder = operator.lines.find(({ evt }) => evt === 'Leading')?.['identity'];
    await eventually(() => second.lines.some((line) => line['evt'] === 'StandingBy' && line['holder'] === holder));
    await operator.stop();
    const lease = await on.get(LEASES, 'mqttbridge-operator');
    expect(lease).toMatchObject({ spec: { holderIdentity: '' } });
    await on.put(connectorResource('edge', { bridgeInstances: 4 }));
    await eventually(
      async () => ((await on.statefulSet('aio-mq-edge')) as unknown as { spec: Spec }).spec.replicas === 4,
    );
    expect(second.snapshot().leading).toBe(true);
    expect(await on.get(ROLES, 'aio-mq-edge')).toBeDefined();
  });
});

interface Spec {
  readonly replicas: number;
  readonly template: { readonly spec: { readonly containers: readonly [{ image: string; readinessProbe?: object }] } };
}

interface Meta {
  readonly annotations: Readonly<Record<string, string>>;
}

function object(apiVersion: string, kind: string, name: string, namespace: string) {
  return { apiVersion, kind, metadata: { name, namespace } };
}
