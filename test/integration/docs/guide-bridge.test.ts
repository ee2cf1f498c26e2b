import { execFile } from 'node:child_process';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { createMountedFiles } from '../../../agent/config/mounted-files.ts';
import { createCredentials } from '../../../agent/session/credentials/credentials.ts';
import { connectionSpecOf } from '../../../agent/session/credentials/spec.ts';
import { validateConfig } from '../../../shared/config/validate.ts';
import { startAgent } from '../../support/agent-process.ts';
import { createAuthority } from '../../support/certificates.ts';
import { startChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';
import { sumMetric } from '../../support/metrics-text.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { collectBlocks } from './pages.ts';

const scope = { onTestFinished };
const run = promisify(execFile);

test('the smallest bridge of the guide carries a message each way between two Mosquitto brokers', async () => {
  const local = await startMosquitto(scope);
  const remote = await startMosquitto(scope);
  const dir = await createTempDir(scope, 'guide');
  for (const { text, marks } of await collectBlocks('yaml')) {
    const path = marks.get('file');
    if (path === undefined) continue;
    await mkdir(dirname(join(dir, path)), { recursive: true });
    const here = text.replace('127.0.0.1:1883', `127.0.0.1:${local.port}`);
    await writeFile(join(dir, path), here.replace('127.0.0.1:1884', `127.0.0.1:${remote.port}`));
  }
  const agent = await startAgent(scope, { config: join(dir, 'my-bridge') });
  await agent.ready();

  expect(await cross(local.port, 'telemetry/furnace/1', remote.port, 'site-1/#')).toBe(
    'site-1/telemetry/furnace/1 21.5\n',
  );
  expect(await cross(remote.port, 'site-1/commands/start', local.port, 'commands/#')).toBe('commands/start 21.5\n');
  await eventually(async () => sumMetric(await agent.metrics(), 'mqttbridge_messages_forwarded_total') === 2);
  expect((await agent.status()).sessions.map(({ clientId }) => clientId)).toContain('site-1-telemetry');
  expect((await agent.term()).code).toBe(0);
});

/** Publishes as the guide does, until the subscriber has it: a subscription has no other sign of being there. */
async function cross(from: number, topic: string, to: number, filter: string): Promise<string> {
  const marker = 'guide/subscribed';
  const subscriber = await startChild('mosquitto_sub', ['-p', String(to), '-t', filter, '-t', marker, '-v']);
  onTestFinished(async () => {
    await subscriber.end('SIGKILL');
  });
  await eventually(async () => {
    await run('mosquitto_pub', ['-p', String(to), '-t', marker, '-m', 'x']);
    return subscriber.stdout().includes(marker);
  });
  await run('mosquitto_pub', ['-p', String(from), '-t', topic, '-m', '21.5', '-q', '1']);
  await eventually(() => subscriber.stdout().includes('21.5'));
  return subscriber.stdout().replaceAll(`${marker} x\n`, '');
}

test('the commands of the guide lay Secrets and ConfigMaps out as the agent reads them', async () => {
  const dir = await createTempDir(scope, 'layout');
  const root = await createAuthority();
  const intermediate = await root.intermediate();
  const client = await intermediate.issue({ purpose: 'client' });
  const inputs = {
    'ca.pem': root.certificate,
    'client.pem': client.certificate,
    'client-key.pem': client.key,
    'intermediates.pem': intermediate.certificate,
    'username.txt': 'bridge\n',
    'password.txt': 'canary\n',
  };
  for (const [name, text] of Object.entries(inputs)) await writeFile(join(dir, name), text);
  for (const { text, marks } of await collectBlocks('sh')) {
    if (marks.has('executed')) await run('sh', ['-eu', '-c', text], { cwd: dir });
  }
  expect((await stat(join(dir, 'bridge-secrets/local-broker/password'))).mode & 0o077).toBe(0);

  const files = createMountedFiles({
    secretsDir: join(dir, 'bridge-secrets'),
    configmapsDir: join(dir, 'bridge-configmaps'),
  });
  const [connector] = await connectorWithSecrets();
  if (!connector) throw new Error('the blocks of the guide make no connector');
  const local = await createCredentials(connectionSpecOf(connector, 'local'), { files }).load();
  expect([local.username, local.password?.toString(), local.tls?.ca?.length]).toEqual(['bridge', 'canary', 1]);
  const remote = createCredentials(connectionSpecOf(connector, 'remote'), { files });
  expect((await remote.load()).tls?.cert?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(remote.certificate()).toMatchObject({ secret: 'event-grid-client' });
});

/** The connector that the guide's blocks on passwords and client certificates describe together. */
async function connectorWithSecrets() {
  const specs = (await collectBlocks('yaml'))
    .filter(({ where, marks }) => where.startsWith('docs/guide.md') && marks.size === 0)
    .map(({ text }) => (parse(text) as { spec?: Record<string, Record<string, unknown>> } | null)?.spec ?? {});
  const using = (side: string, method: string) =>
    specs.find((spec) => Object.hasOwn((spec[side]?.['authentication'] as object | undefined) ?? {}, method))?.[side];
  const text = JSON.stringify({
    apiVersion: 'mq.iotoperations.azure.com/v1beta1',
    kind: 'MqttBridgeConnector',
    metadata: { name: 'my-bridge' },
    spec: {
      localBrokerConnection: using('localBrokerConnection', 'usernamePassword'),
      remoteBrokerConnection: using('remoteBrokerConnection', 'x509'),
    },
  });
  return validateConfig([{ name: 'guide.json', text }]).connectors.map(({ connector }) => connector);
}
