import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { LEASES, OWNED_KINDS } from '../../../operator/kinds.ts';
import { type Child, startChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { startApiServer } from '../../support/kubernetes/api-server/index.ts';
import { operatorStage } from '../../support/kubernetes/operator-stage.ts';
import { connectorResource, topicMapResource } from '../../support/resources.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const CONFIG = `
apiVersion: mqttbridge/v1
kind: OperatorConfig
image: { repository: registry.test/mqttbridge, tag: "1" }
`;

async function run(t: Scope, args: readonly string[]): Promise<Child> {
  const { PATH = '', HOME = '' } = process.env;
  const command = [join(ROOT, 'cli/main.ts'), 'operator', '--http', '127.0.0.1:0', ...args];
  const child = await startChild(process.execPath, command, { cwd: ROOT, env: { PATH, HOME } });
  t.onTestFinished(async () => void (await child.end('SIGKILL')));
  return child;
}

async function stage(t: Scope, config = CONFIG) {
  const server = await startApiServer(t);
  const on = await operatorStage(t, { kubeconfig: server.kubeconfig(), namespace: 'default' });
  const folder = await createTempDir(t, 'operator');
  const [file, kubeconfig] = [join(folder, 'operator.yaml'), join(folder, 'kubeconfig')];
  await writeFile(file, config);
  await writeFile(kubeconfig, server.kubeconfig());
  return { server, on, args: ['--config', file, '--kubeconfig', kubeconfig] };
}

async function urlOf(child: Child): Promise<string> {
  const found = () => /"ProbesListening","http":"([^"]+)"/.exec(child.stderr())?.[1];
  return `http://${await eventually(found, { describe: child.stderr })}`;
}

test('mqttbridge operator - works as a process, killed and started again, and stops with 0', async (t) => {
  const { server, on, args } = await stage(t);
  await on.put(connectorResource('edge'));
  await on.put(topicMapResource('map', 'edge'));
  const first = await run(t, args);
  await eventually(async () => (await on.workload('aio-mq-edge')).length > 0, { describe: first.stderr });
  await first.end('SIGKILL');
  // Nobody waits 15 s in a test for a Lease to end.
  await on.remove(LEASES, 'mqttbridge-operator');
  const second = await run(t, args);
  await eventually(async () => (await on.workload('aio-mq-edge')).length === OWNED_KINDS.length, {
    describe: second.stderr,
  });
  const url = await urlOf(second);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz?verbose`);
  expect([ready.status, await ready.text()]).toEqual([200, expect.stringContaining('[+]watch statefulsets ok')]);
  await eventually(async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return (
      metrics.includes('mqttbridge_operator_leader 1') && metrics.includes('mqttbridge_operator_connectors{ready="')
    );
  });
  expect(await second.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await on.get(LEASES, 'mqttbridge-operator')).toMatchObject({ spec: { holderIdentity: '' } });
  expect(server.log.counts()['delete statefulsets']).toBeUndefined();
  for (const line of second.stderr().trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('evt');
});

test('mqttbridge operator - ends with 2 and says why when its file is wrong, and when it is in no cluster', async (t) => {
  const { args } = await stage(t, `${CONFIG}agents: { userId: 0 }`);
  const wrong = await run(t, args);
  expect(await wrong.exit).toMatchObject({ code: 2 });
  expect(wrong.stderr()).toContain('agents.userId');
  const { args: good } = await stage(t);
  const nowhere = await run(t, good.slice(0, 2));
  expect(await nowhere.exit).toMatchObject({ code: 2 });
  expect(nowhere.stderr()).toContain('--kubeconfig');
  const both = await run(t, [...good, '--namespace', 'a', '--all-namespaces']);
  expect(await both.exit).toMatchObject({ code: 2 });
});
