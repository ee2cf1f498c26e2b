import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { connectorHealthSchema, eventListSchema, siteHealthSchema } from '../../../shared/api/health.ts';
import type { AgentReport } from '../../../shared/api/report.ts';
import { type ControlPlaneProcess, startControlPlane } from '../../support/control-plane-process.ts';
import { eventually } from '../../support/eventually.ts';
import { startAlertTopic, type AlertTopic } from '../../support/health/alert-topic.ts';
import { brokenReport, reportOf } from '../../support/health/reports.ts';
import { createScope } from '../../support/scope.ts';
import { connectorYaml } from '../../unit/cli/sample-config.ts';

const scope = createScope();
let plane: ControlPlaneProcess;
let topic: AlertTopic;

beforeAll(async () => {
  topic = await startAlertTopic(scope);
  const env = { MQTTBRIDGE_ALERT_TOPIC_ENDPOINT: topic.endpoint, MQTTBRIDGE_RECOVER_AFTER_SECONDS: '1' };
  plane = await startControlPlane(scope, { env, args: ['--report-interval', '2'] });
  return () => scope.close();
});

async function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = {
    authorization: `Bearer ${plane.adminKey}`,
    'content-type': 'application/json',
    ...(init.headers as Record<string, string> | undefined),
  };
  return fetch(`${plane.url}${path}`, { ...init, headers });
}

const json = async (path: string): Promise<unknown> => (await call(path)).json();

async function agentKey(): Promise<string> {
  const grant = { role: 'Bridge.Agent', connector: 'bridge' };
  const answer = await call('/api/sites/berlin/grants', { method: 'POST', body: JSON.stringify(grant) });
  return ((await answer.json()) as { key: string }).key;
}

async function report(key: string, said: AgentReport): Promise<void> {
  const path = '/api/sites/berlin/agents/bridge/all/report';
  const headers = { authorization: `Bearer ${key}` };
  const answer = await call(path, { method: 'POST', body: JSON.stringify(said), headers });
  expect(answer.status, await answer.text()).toBe(200);
}

test('definitions and reports become health, events and alerts on the local host', async () => {
  const put = { method: 'PUT', body: connectorYaml('bridge'), headers: { 'content-type': 'application/yaml' } };
  expect((await call('/api/sites/berlin/connectors/bridge', put)).status).toBe(201);
  const health = async () => connectorHealthSchema.parse(await json('/api/sites/berlin/connectors/bridge/health'));
  const judged = await eventually(async () => {
    const { desiredRevision } = await health();
    return desiredRevision;
  });

  const key = await agentKey();
  let sequence = 0;
  const say = (of: AgentReport) => ({
    ...of,
    sequence: ++sequence,
    changed: true,
    intervalSeconds: 2,
    document: { revision: judged },
  });
  await eventually(async () => {
    await report(key, say(reportOf()));
    return (await health()).verdict === 'Healthy' || undefined;
  });
  const { system } = {
    system: JSON.parse(await readFile(join(plane.data, 'host-keys.json'), 'utf8')) as Record<string, string>,
  };
  const event = {
    specversion: '1.0',
    id: 'one',
    type: 'Microsoft.EventGrid.MQTTClientSessionDisconnected',
    source: '/namespaces/ns',
    time: new Date().toISOString(),
    data: {
      namespaceName: 'ns',
      clientSessionName: 'edge-up',
      sequenceNumber: 1,
      disconnectionReason: 'QuotaExceeded',
    },
  };
  const webhook = `/runtime/webhooks/eventgrid?functionName=takeSessionEvent&code=${system['eventgrid_extension']}`;
  const sent = await call(webhook, {
    method: 'POST',
    body: JSON.stringify(event),
    headers: { 'content-type': 'application/cloudevents+json', 'aeg-event-type': 'Notification' },
  });
  expect(sent.status, await sent.text()).toBeLessThan(300);

  await report(key, say(brokenReport()));
  const alerted = (type: string) => topic.alerts.some((alert) => alert.type === type) || undefined;
  await eventually(async () => alerted('MqttBridge.Connector.Degraded'));
  // Nobody reports from here on.
  await eventually(async () => alerted('MqttBridge.Connector.Stale'));

  const site = siteHealthSchema.parse(await json('/api/sites/berlin/health'));
  expect(site).toMatchObject({ verdict: 'Stale', connectors: [{ connector: 'bridge', verdict: 'Stale' }] });
  const { items } = eventListSchema.parse(await json('/api/sites/berlin/events?connector=bridge'));
  const types = new Set(items.map(({ type }) => type));
  expect([...types].sort()).toEqual([
    'DefinitionChanged',
    'InstanceChanged',
    'RevisionApplied',
    'RouteChanged',
    'SessionDisconnected',
    'VerdictChanged',
  ]);
});
