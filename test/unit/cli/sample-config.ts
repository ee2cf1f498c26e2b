import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A connector between two local ports. */
export function connectorYaml(name = 'bridge', extra = ''): string {
  return `apiVersion: mq.iotoperations.azure.com/v1beta1
kind: MqttBridgeConnector
metadata:
  name: ${name}
spec:
  protocol: v5
  clientIdPrefix: ${name}
${extra}  remoteBrokerConnection:
    endpoint: localhost:1884
    tls: { tlsEnabled: false }
    authentication: { anonymous: {} }
  localBrokerConnection:
    endpoint: localhost:1883
    authentication: { anonymous: {} }
`;
}

/** A topic map with one route up. */
export function topicMapYaml(connector = 'bridge', target = 'factory/${inputTopic}'): string {
  return `apiVersion: mq.iotoperations.azure.com/v1beta1
kind: MqttBridgeTopicMap
metadata:
  name: ${connector}-map
spec:
  mqttBridgeConnectorRef: ${connector}
  routes:
  - direction: local-to-remote
    name: up
    source: telemetry/#
    target: ${target}
`;
}

/** Both in one text. */
export const SAMPLE = `${connectorYaml()}---\n${topicMapYaml()}`;
/** The sample with a wildcard in its target. */
export const BROKEN = `${connectorYaml()}---\n${topicMapYaml('bridge', 'factory/#')}`;

/** A folder with these files that goes away with the test. */
export async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mqttbridge-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}
