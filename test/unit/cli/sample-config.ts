import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createTempDir } from '../../support/temp-dir.ts';

/** Ports of the two brokers; nothing listens at the default ones. */
export interface Ports {
  readonly local: number;
  readonly remote: number;
}

/** A connector between two ports of this machine. */
export function connectorYaml(name = 'bridge', { local, remote }: Ports = { local: 1, remote: 2 }): string {
  return `apiVersion: mq.iotoperations.azure.com/v1beta1
kind: MqttBridgeConnector
metadata:
  name: ${name}
spec:
  protocol: v5
  clientIdPrefix: ${name}
  remoteBrokerConnection:
    endpoint: localhost:${remote}
    tls: { tlsEnabled: false }
    authentication: { anonymous: {} }
  localBrokerConnection:
    endpoint: localhost:${local}
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
  const folder = await createTempDir({ onTestFinished });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}
