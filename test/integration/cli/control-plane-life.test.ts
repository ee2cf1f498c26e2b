import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCli } from '../../../cli/program.ts';
import { startChild } from '../../support/child.ts';
import { startControlPlane } from '../../support/control-plane-process.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { fakeIo } from '../../unit/cli/fake-io.ts';
import { connectorYaml, topicMapYaml } from '../../unit/cli/sample-config.ts';
import { startBrokers } from './brokers.ts';

const ENTRY = resolve(import.meta.dirname, '../../../cli/main.ts');
const noAgent = async () => () => {
  throw new Error('agents are processes of their own here');
};
const scope = { onTestFinished };

/** A control plane that judges fast, its administrator, and agents that get their configuration from it. */
async function startPlant() {
  const controlPlane = await startControlPlane(scope, {
    args: ['--report-interval', '1'],
    env: { MQTTBRIDGE_RECOVER_AFTER_SECONDS: '0' },
  });
  const folder = await createTempDir(scope);
  const env = {
    MQTTBRIDGE_SERVER: controlPlane.url,
    MQTTBRIDGE_SITE: 'plant',
    MQTTBRIDGE_KEY_FILE: controlPlane.adminKeyFile,
  };
  const ask = async (line: string) => {
    const io = fakeIo({ env });
    const code = await runCli(line.replace(/\w+\.(?:yaml|key)/, `${folder}/$&`).split(' '), io, noAgent);
    return { code, out: io.out(), err: io.err() };
  };
  const agent = async () => {
    const source = ['--control-plane', controlPlane.url, '--site', 'plant', '--connector', 'bridge'];
    const files = ['--control-plane-key-file', join(folder, 'agent.key'), '--data', join(folder, 'agent')];
    const child = await startChild(process.execPath, [ENTRY, 'run', ...source, ...files, '--http', '127.0.0.1:0']);
    onTestFinished(async () => void (await child.end('SIGKILL')));
    return child;
  };
  return { ask, agent, write: (text: string) => writeFile(join(folder, 'bridge.yaml'), text) };
}

test('what is applied runs on an agent, and wait and health tell when, also after it was killed', async () => {
  const { ports, remote, local } = await startBrokers();
  const { ask, agent, write } = await startPlant();
  await write(`${connectorYaml('bridge', ports)}---\n${topicMapYaml()}`);
  expect(await ask('apply -f bridge.yaml')).toMatchObject({ code: 0, err: '' });
  expect(await ask('create-key edge --connector bridge --out agent.key')).toMatchObject({ code: 0, err: '' });
  const first = await agent();
  const ready = 'wait mbc/bridge --for=condition=Ready --timeout 20s --interval 0.1';
  expect(await ask(ready)).toEqual({ code: 0, out: 'mqttbridgeconnector/bridge condition met\n', err: '' });
  expect((await ask('health')).code).toBe(0);
  expect((await ask('get mbc')).out).toMatch(/^bridge +True +\S+ +1\/1 +1\/1 +Healthy /m);

  await write(`${connectorYaml('bridge', ports)}---\n${topicMapYaml('bridge', 'moved/${inputTopic}')}`);
  expect((await ask('apply -f bridge.yaml')).out).toContain('bridge-map configured');
  expect((await ask(ready)).code).toBe(0);
  const arrived = remote.events.next('published', ({ clientId }) => clientId !== undefined);
  local.publish({ topic: 'telemetry/a', payload: 'x', qos: 1 });
  expect((await arrived).topic).toBe('moved/telemetry/a');

  await first.end('SIGKILL');
  expect(await ask('wait bridge --for verdict=Stale --timeout 20s --interval 0.1')).toMatchObject({ code: 0 });
  expect(await ask('health bridge')).toMatchObject({ code: 1, out: expect.stringContaining('  try: ') as string });
  await agent();
  expect((await ask(ready)).code).toBe(0);
  expect((await ask('events --connector bridge')).out).toMatch(/VerdictChanged +bridge +Healthy -> Stale/);
});
