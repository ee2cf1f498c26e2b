import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { statusSchema } from '../../../agent/observe/status-schema.ts';
import { type AgentProcess, startAgent } from '../../support/agent-process.ts';
import { eventually } from '../../support/eventually.ts';
import { sumMetric } from '../../support/metrics-text.ts';
import { connectorYaml, folderOf, topicMapYaml } from '../../unit/cli/sample-config.ts';
import { type Brokers, startBrokers } from './brokers.ts';

interface Running {
  readonly agent: AgentProcess;
  readonly brokers: Brokers;
  readonly folder: string;
}

/** A bridge as a process between two embedded brokers, ready. */
async function startRun(): Promise<Running> {
  const brokers = await startBrokers();
  const folder = await folderOf({ 'c.yaml': connectorYaml('bridge', brokers.ports), 'm.yaml': topicMapYaml() });
  const agent = await startAgent({ onTestFinished }, { config: folder });
  await agent.ready();
  return { agent, brokers, folder };
}

/** Publishes at the local broker and resolves with the topic it arrives with at the remote one. */
async function cross({ local, remote }: Brokers, topic: string): Promise<string> {
  const arrived = remote.events.next('published', (event) => event.clientId !== undefined);
  local.publish({ topic, payload: 'x', qos: 1 });
  return (await arrived).topic;
}

describe('mqttbridge run', () => {
  test('bridges, shows it, and exits 0 at SIGTERM', async () => {
    const { agent, brokers } = await startRun();
    expect(await cross(brokers, 'telemetry/a')).toBe('factory/telemetry/a');
    await eventually(async () => {
      const metrics = await agent.metrics();
      expect(sumMetric(metrics, 'mqttbridge_messages_forwarded_total', { route: 'up' })).toBe(1);
      expect(sumMetric(metrics, 'aio_mq_mqttbridge_publishes_processed_count')).toBe(1);
      return true;
    });
    expect(await agent.get('/readyz?verbose')).toEqual({
      status: 200,
      body: '[+]config ok\n[+]local ok\n[+]remote ok\n[+]route bridge-map/up ok\nreadyz check passed\n',
    });
    expect(statusSchema.parse(JSON.parse((await agent.get('/status')).body)).ready).toBe(true);
    expect(await agent.term()).toEqual({ code: 0, signal: null });
    expect(agent.logs().map((line) => line['evt'])).toContain('Stopped');
  });

  test('keeps the last good configuration over a bad one, says so, and takes the next good one', async () => {
    const { agent, brokers, folder } = await startRun();
    await writeFile(join(folder, 'm.yaml'), topicMapYaml('bridge', 'factory/#'));
    await eventually(async () => (await agent.status()).config.rejected);
    const { status, body } = await agent.get('/readyz?verbose');
    expect(status).toBe(200);
    expect(body).toMatch(/^\[-\]config failed: .*TM004 spec\.routes\[0\]\.target/);
    expect(sumMetric(await agent.metrics(), 'mqttbridge_config_rejected')).toBe(1);
    expect(await cross(brokers, 'telemetry/b')).toBe('factory/telemetry/b');

    await writeFile(join(folder, 'm.yaml'), topicMapYaml('bridge', 'plant/${inputTopic}'));
    await eventually(async () => {
      const { config, routes } = await agent.status();
      expect(config.generation).toBe(2);
      expect(routes).toMatchObject([{ target: 'plant/${inputTopic}', lanes: { total: 1, ready: 1 } }]);
      return true;
    });
    expect(await cross(brokers, 'telemetry/c')).toBe('plant/telemetry/c');
    expect((await agent.status()).config).not.toHaveProperty('rejected');
    expect(agent.logs().filter((line) => line['evt'] === 'ConfigProblem')).toMatchObject([
      { level: 'error', rule: 'TM004', path: 'spec.routes[0].target' },
    ]);
  });

  test('stays alive and not ready while a broker is away, and names the reason', async () => {
    const brokers = await startBrokers();
    const folder = await folderOf({ 'c.yaml': connectorYaml('bridge', brokers.ports), 'm.yaml': topicMapYaml() });
    await brokers.remote.close();
    const agent = await startAgent({ onTestFinished }, { config: folder });
    await eventually(async () => {
      const { status, body } = await agent.get('/readyz');
      expect(status).toBe(503);
      expect(body).toContain('[+]local ok\n[-]remote failed: 0 of 1 sessions connected; ConnectionRefused: ');
      return true;
    });
    expect((await agent.get('/livez')).status).toBe(200);
    expect((await agent.term()).code).toBe(0);
  });

  test('starts nothing with an invalid configuration', async () => {
    const config = await folderOf({ 'c.yaml': connectorYaml(), 'm.yaml': topicMapYaml('bridge', 'factory/#') });
    const agent = await startAgent({ onTestFinished }, { config });
    expect(await agent.exit).toEqual({ code: 2, signal: null });
    expect(agent.output()).toMatch(/m\.yaml:11:13 {2}error {2}TM004 {2}spec\.routes\[0\]\.target: .*\n {2}try: .*\n$/);
  });

  test('refuses an environment that switches certificate checks off', async () => {
    const config = await folderOf({ 'c.yaml': connectorYaml(), 'm.yaml': topicMapYaml() });
    const agent = await startAgent({ onTestFinished }, { config, env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });
    expect((await agent.exit).code).toBe(2);
    expect(agent.output()).toContain('error: NODE_TLS_REJECT_UNAUTHORIZED=0');
  });
});
