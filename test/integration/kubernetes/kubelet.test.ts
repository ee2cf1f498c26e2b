import { expect, test } from 'vitest';
import { bridgeYaml, outward } from '../../support/bridge-config.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster, type TestCluster } from '../../support/kubernetes/cluster.ts';
import { startKubelet } from '../../support/kubernetes/kubelet/index.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { APPLY } from './stage.ts';

function statefulSet(note: string): object {
  const container = {
    name: 'mqttbridge',
    image: 'mqttbridge',
    args: ['run', '--http=0.0.0.0:9600', '--filename=/etc/mqttbridge/bridge.yaml'],
    env: [],
    volumeMounts: [{ name: 'config', mountPath: '/etc/mqttbridge' }],
  };
  const template = {
    metadata: { labels: { app: 'a' }, annotations: { note } },
    spec: {
      serviceAccountName: 'agent',
      automountServiceAccountToken: false,
      containers: [container],
      volumes: [{ name: 'config', configMap: { name: 'bridge', optional: false, defaultMode: 0o440 } }],
    },
  };
  const selector = { matchLabels: { app: 'a' } };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'set' },
    spec: { replicas: 1, serviceName: 'set', selector, template },
  };
}

async function setStage(cluster: TestCluster) {
  const path = `/apis/apps/v1/namespaces/${cluster.namespace}/statefulsets/set`;
  return {
    apply: (note: string) => cluster.admin.call('PATCH', `${path}?fieldManager=test`, statefulSet(note), APPLY),
    status: async () => (await cluster.admin.call('GET', path)).body.status,
    remove: () => cluster.admin.call('DELETE', path),
  };
}

test('kubelet of tests - runs the agents that a StatefulSet asks for, and says how they are', async (t) => {
  const [local, remote] = await Promise.all([startMosquitto(t), startMosquitto(t)]);
  const cluster = await openCluster(t);
  const set = await setStage(cluster);
  const kubelet = await startKubelet(t, cluster);
  const until = (condition: () => boolean | Promise<boolean>) => eventually(condition, { describe: kubelet.describe });
  const ready = async () => Number((await set.status()).readyReplicas) === 1;

  await set.apply('one');
  await until(() => kubelet.describe().includes('is missing'));
  const bridge = bridgeYaml({ local: local.port, remote: remote.port, routes: [outward('out', 'a/#')] });
  const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bridge' }, data: { 'bridge.yaml': bridge } };
  await cluster.admin.call('POST', `/api/v1/namespaces/${cluster.namespace}/configmaps`, config);
  await until(ready);

  const { child: first } = kubelet.pods.get('set-0') ?? {};
  await set.apply('another');
  expect(await first?.exit).toEqual({ code: 0, signal: null });
  await until(async () => kubelet.starts('set-0') === 2 && (await ready()));

  const { child: second } = kubelet.pods.get('set-0') ?? {};
  second?.signal('SIGKILL');
  await until(async () => kubelet.starts('set-0') === 3 && (await ready()));

  await set.remove();
  await until(() => kubelet.pods.size === 0);
});
