import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { openCluster, type TestCluster } from '../../support/kubernetes/cluster.ts';
import { hasKubectl } from '../../support/kubernetes/kubectl.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const run = promisify(execFile);
const here = (namespace: string) =>
  `/apis/mq.iotoperations.azure.com/v1beta1/namespaces/${namespace}/mqttbridgeconnectors/edge`;

const CONNECTOR = {
  apiVersion: 'mq.iotoperations.azure.com/v1beta1',
  kind: 'MqttBridgeConnector',
  metadata: { name: 'edge' },
  spec: {
    protocol: 'v5',
    bridgeInstances: 1,
    clientIdPrefix: 'edge',
    logLevel: 'info',
    remoteBrokerConnection: {
      endpoint: 'remote.example:8883',
      tls: { tlsEnabled: true },
      authentication: { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
    },
  },
};

const READY = {
  type: 'Ready',
  status: 'True',
  reason: 'Running',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

/** What somebody does with a connector from the outside. */
interface Tool {
  readonly apply: (object: object) => Promise<void>;
  readonly read: () => Promise<{ readonly spec: object; readonly status?: object }>;
  /** Begins to wait until the connector is ready; the promise it returns says that it is. */
  readonly untilReady: () => Promise<boolean>;
  readonly patchStatus: (status: object) => Promise<void>;
  readonly remove: () => Promise<void>;
}

const installed = hasKubectl();

async function kubectl(scope: Scope, { kubeconfig }: TestCluster): Promise<Tool> {
  const folder = await createTempDir(scope, 'kubectl');
  const config = join(folder, 'config');
  await writeFile(config, kubeconfig);
  const common = [`--kubeconfig=${config}`, `--cache-dir=${join(folder, 'cache')}`];
  const call = (...args: string[]) => run('kubectl', [...args, ...common]);
  return {
    async apply(object) {
      const file = join(folder, 'object.json');
      await writeFile(file, JSON.stringify(object));
      await call('apply', '--server-side', '-f', file);
    },
    read: async () => JSON.parse((await call('get', 'mbc', 'edge', '-o', 'json')).stdout) as { spec: object },
    async untilReady() {
      const child: ChildProcess = spawn('kubectl', ['wait', '--for=condition=Ready', 'mbc/edge', ...common]);
      scope.onTestFinished(() => void child.kill());
      const [code] = await once(child, 'exit');
      return code === 0;
    },
    patchStatus: async (status) =>
      void (await call(
        'patch',
        'mbc',
        'edge',
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify({ status }),
      )),
    remove: async () => void (await call('delete', 'mbc', 'edge')),
  };
}

function plain(scope: Scope, { admin: client, namespace }: TestCluster): Tool {
  const path = here(namespace);
  async function call(method: string, path: string, body?: object, type?: string) {
    const reply = await client.call(method, path, body, type);
    expect(reply.code).toBeLessThan(300);
    return reply.body as unknown;
  }
  return {
    async apply(object) {
      await call('PATCH', `${path}?fieldManager=kubectl`, object, 'application/apply-patch+yaml');
    },
    read: async () => (await call('GET', path)) as { readonly spec: object; readonly status?: object },
    async untilReady() {
      const watch = await client.watch(
        scope,
        `${path.replace('/edge', '')}?watch=true&fieldSelector=metadata.name%3Dedge`,
      );
      return eventually(() => watch.events.some(({ object }) => isTrue(object.status?.conditions[0].status)));
    },
    async patchStatus(status) {
      await call('PATCH', `${path}/status`, { status }, 'application/merge-patch+json');
    },
    async remove() {
      await call('DELETE', path);
    },
  };
}

const isTrue = (status: unknown): boolean => status === 'True';

const by = installed ? 'by kubectl' : 'by plain HTTP, since kubectl is not installed';

test(`clients - apply, wait for, read and delete a connector ${by}`, async (t) => {
  const cluster = await openCluster(t);
  const tool = installed ? await kubectl(t, cluster) : plain(t, cluster);
  await tool.apply(CONNECTOR);
  expect(await tool.read()).toMatchObject({ spec: CONNECTOR.spec });
  const ready = tool.untilReady();
  await tool.patchStatus({ conditions: [READY] });
  expect(await ready).toBe(true);
  expect(await tool.read()).toMatchObject({ status: { conditions: [READY] }, metadata: { generation: 1 } });
  await tool.remove();
  expect((await cluster.admin.call('GET', here(cluster.namespace))).code).toBe(404);
});

if (installed) {
  test('clients - make kubectl say which field and manager is in the way, and which field is not known', async (t) => {
    const cluster = await openCluster(t);
    const tool = await kubectl(t, cluster);
    const address = `${here(cluster.namespace)}?fieldManager=operator`;
    const { code } = await cluster.admin.call('PATCH', address, CONNECTOR, 'application/apply-patch+yaml');
    expect(code).toBe(201);
    const changed = { ...CONNECTOR, spec: { ...CONNECTOR.spec, bridgeInstances: 3 } };
    await expect(tool.apply(changed)).rejects.toThrow('conflict with "operator": .spec.bridgeInstances');
    const unknown = { ...CONNECTOR, spec: { ...CONNECTOR.spec, colour: 'red' } };
    await expect(tool.apply(unknown)).rejects.toThrow('.spec.colour: field not declared in schema');
  });
}
