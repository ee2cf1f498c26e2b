import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { type ApiServer, startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { type PlainClient, plainClient } from '../../support/kubernetes/plain-client.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const run = promisify(execFile);
const HERE = 'apis/mq.iotoperations.azure.com/v1beta1/namespaces/default/mqttbridgeconnectors/edge';

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

function isInstalled(): boolean {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const installed = isInstalled();

async function kubectl(scope: Scope, server: ApiServer): Promise<Tool> {
  const folder = await createTempDir(scope, 'kubectl');
  const config = join(folder, 'config');
  await writeFile(config, server.kubeconfig());
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

function plain(scope: Scope, client: PlainClient): Tool {
  async function call(method: string, path: string, body?: object, type?: string) {
    const reply = await client.call(method, path, body, type);
    expect(reply.code).toBeLessThan(300);
    return reply.body as unknown;
  }
  return {
    async apply(object) {
      await call('PATCH', `/${HERE}?fieldManager=kubectl`, object, 'application/apply-patch+yaml');
    },
    read: async () => (await call('GET', `/${HERE}`)) as { readonly spec: object; readonly status?: object },
    async untilReady() {
      const watch = await client.watch(
        scope,
        `/${HERE.replace('/edge', '')}?watch=true&fieldSelector=metadata.name%3Dedge`,
      );
      return eventually(() => watch.events.some(({ object }) => isTrue(object.status?.conditions[0].status)));
    },
    async patchStatus(status) {
      await call('PATCH', `/${HERE}/status`, { status }, 'application/merge-patch+json');
    },
    async remove() {
      await call('DELETE', `/${HERE}`);
    },
  };
}

const isTrue = (status: unknown): boolean => status === 'True';

const by = installed ? 'by kubectl' : 'by plain HTTP, since kubectl is not installed';

test(`API server double - applies, waits for, reads and deletes a connector ${by}`, async (t) => {
  const server = await startApiServer(t);
  const tool = installed ? await kubectl(t, server) : plain(t, plainClient(server.kubeconfig()));
  await tool.apply(CONNECTOR);
  expect(await tool.read()).toMatchObject({ spec: CONNECTOR.spec });
  const ready = tool.untilReady();
  await eventually(() => server.watches('mqttbridgeconnectors').length === 1);
  await tool.patchStatus({ conditions: [READY] });
  expect(await ready).toBe(true);
  expect(await tool.read()).toMatchObject({ status: { conditions: [READY] }, metadata: { generation: 1 } });
  await tool.remove();
  expect((await plainClient(server.kubeconfig()).call('GET', `/${HERE}`)).code).toBe(404);
});

if (installed) {
  test('API server double - makes kubectl say which field and manager is in the way, and which field is not known', async (t) => {
    const server = await startApiServer(t);
    const tool = await kubectl(t, server);
    const address = `/${HERE}?fieldManager=operator`;
    const { code } = await plainClient(server.kubeconfig()).call(
      'PATCH',
      address,
      CONNECTOR,
      'application/apply-patch+yaml',
    );
    expect(code).toBe(201);
    const changed = { ...CONNECTOR, spec: { ...CONNECTOR.spec, bridgeInstances: 3 } };
    await expect(tool.apply(changed)).rejects.toThrow('conflict with "operator": .spec.bridgeInstances');
    const unknown = { ...CONNECTOR, spec: { ...CONNECTOR.spec, colour: 'red' } };
    await expect(tool.apply(unknown)).rejects.toThrow('unknown field "spec.colour"');
  });
}
