import { expect, test } from 'vitest';
import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { CONNECTORS, type StoredObject, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { createJudge } from '../../../operator/judge/judge.ts';
import { type ConnectorSituation, connectorStatusOf } from '../../../operator/status/connector-status.ts';
import { topicMapStatusOf } from '../../../operator/status/topic-map-status.ts';
import type { ConnectorStatus, StatusCondition, TopicMapStatus } from '../../../shared/resources/status.ts';
import { entryOf, NOW } from '../../unit/operator/status/sample.ts';
import { openCluster } from '../../support/kubernetes/cluster.ts';
import { inNamespace, openClient } from '../../support/kubernetes/operator.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';

const NAMES = ['telemetry', 'alerts'];
const OPERATOR = { manager: 'mqttbridge-operator', status: true, force: true };

/** A connector with two topic maps, read as an operator reads them. */
interface Stage {
  readonly client: KubernetesClient;
  readonly read: () => Promise<{ readonly connector: StoredObject; readonly topicMaps: readonly StoredObject[] }>;
  readonly written: (object: StoredObject, status: object) => Promise<StoredObject>;
}

async function stage(t: Scope): Promise<Stage> {
  const { namespace, kubeconfig } = await openCluster(t);
  const client = await openClient(t, kubeconfig);
  await client.apply(CONNECTORS, inNamespace(connectorResource('edge'), namespace), { manager: 'author' });
  for (const name of NAMES) {
    await client.apply(TOPIC_MAPS, inNamespace(topicMapResource(name, 'edge'), namespace), { manager: 'author' });
  }
  return {
    client,
    async read() {
      const connector = await client.get(CONNECTORS, { namespace, name: 'edge' });
      if (connector === undefined) throw new RangeError('there is no connector');
      const { items } = await client.list(TOPIC_MAPS, { namespace });
      return { connector, topicMaps: items };
    },
    written(object, status) {
      const kind = object.kind === 'MqttBridgeConnector' ? CONNECTORS : TOPIC_MAPS;
      const { apiVersion, metadata } = object;
      const identity = { apiVersion, kind: object.kind, metadata: { name: metadata.name, namespace } };
      const said = { ...identity, status };
      return client.apply(kind, said, OPERATOR);
    },
  };
}

function situationIn(connector: StoredObject, topicMaps: readonly StoredObject[]): ConnectorSituation {
  const judge = createJudge();
  for (const now of [connector, ...topicMaps]) judge.note({ before: undefined, now });
  const judgement = judge.judgementOf(`${connector.metadata.namespace}/edge`);
  if (judgement?.connector === undefined) throw new RangeError('nothing was judged');
  return {
    judgement: { ...judgement, connector: judgement.connector },
    former: connector.status as ConnectorStatus | undefined,
    workload: { wanted: 1, ready: 1, settled: true },
    needs: [],
    presenceOf: () => ({ kind: 'unknown' }),
    reporting: 'status',
    now: NOW,
  };
}

const statusIn = ({ status }: StoredObject) => (status ?? {}) as ConnectorStatus & TopicMapStatus;
const summaryOf = (conditions: readonly StatusCondition[] = []) =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

test('status - is taken by the API server as it is, beside the entries of agents, and changes nothing again', async (t) => {
  const { client, read, written } = await stage(t);
  const first = await read();
  const { document } = situationIn(first.connector, first.topicMaps).judgement.connector;
  const { apiVersion, kind, metadata } = first.connector;
  const instances = [entryOf(0, { revision: document?.revision, routes: { total: 2, ready: 2 } })];
  const named = { name: metadata.name, namespace: metadata.namespace };
  const entry = { apiVersion, kind, metadata: named, status: { instances } };
  await client.apply(CONNECTORS, entry, { manager: 'mqttbridge-agent-0', status: true });

  const { connector, topicMaps } = await read();
  const situation = situationIn(connector, topicMaps);
  const status = connectorStatusOf(situation);
  expect(summaryOf(status.conditions)).toContain('Ready True Ready');
  const kept = await written(connector, status);
  expect(kept.status).toEqual({ ...status, instances });
  for (const map of topicMaps) {
    const { name } = map.metadata;
    const said = topicMapStatusOf({
      judgement: situation.judgement,
      name,
      former: undefined,
      connector: situation,
      now: NOW,
    });
    expect(summaryOf(said?.conditions)).toContain('Ready True Ready');
    expect((await written(map, said ?? {})).status).toEqual(said);
  }

  const again = await read();
  const repeated = connectorStatusOf({ ...situationIn(again.connector, again.topicMaps), now: NOW + 60_000 });
  expect(repeated).toEqual(status);
  expect((await written(again.connector, repeated)).metadata.resourceVersion).toBe(
    again.connector.metadata.resourceVersion,
  );
});

test('status - says what only the operator can see, and the API server keeps every word of it', async (t) => {
  const { client, read, written } = await stage(t);
  const { topicMaps: plain } = await read();
  const twin = plain.find(({ metadata: { name } }) => name === 'alerts');
  const { apiVersion, kind, metadata } = twin ?? (await read()).connector;
  const route = { direction: 'local-to-remote', name: 'telemetry-out', source: 'other/#' };
  const spec = { mqttBridgeConnectorRef: 'edge', routes: [route] };
  const named = { name: metadata.name, namespace: metadata.namespace };
  const rewritten = { apiVersion, kind, metadata: named, spec };
  await client.apply(TOPIC_MAPS, rewritten, { manager: 'author', force: true });

  const { connector, topicMaps } = await read();
  const situation = situationIn(connector, topicMaps);
  const status = connectorStatusOf(situation);
  expect(summaryOf(status.conditions)).toContain('Accepted False TopicMapInvalid');
  expect(status.conditions?.[0]?.message).toContain('XR004 spec.routes[0].name');
  expect(statusIn(await written(connector, status))).toEqual(status);
});
