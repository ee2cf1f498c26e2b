import fs from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Running } from '../processes/pool.ts';
import type { BridgeTask, Lab } from './contender.ts';

const command = new URL('../../dist/bin/mqttbridge.cjs', import.meta.url).pathname;

/** Starts `mqttbridge run` on a connector with one route per topic. Throws when it has not been built. */
export function startOurs(lab: Lab, task: BridgeTask): Running {
  if (!fs.existsSync(command)) throw new Error('dist/bin/mqttbridge.cjs is missing: run `npm run build` first');
  const folder = fs.mkdtempSync(path.join(lab.folder, 'ours-'));
  fs.writeFileSync(
    path.join(folder, 'bridge.yaml'),
    resources(task)
      .map((resource) => stringify(resource))
      .join('---\n'),
  );
  // The ready file lies outside: a change in the watched folder would be a reload.
  const args = ['run', '-f', folder, '--http', '127.0.0.1:0', '--once-ready', `${folder}.ready`];
  return lab.pool.spawn(lab.node, [...optionsOf(command), ...lab.nodeOptions, command, ...args]);
}

/** The options of Node in the first line of a program: a shell would start it with them. */
function optionsOf(program: string): string[] {
  const [line = ''] = fs.readFileSync(program, 'utf8').split('\n', 1);
  return line.split(' ').filter((word) => word.startsWith('--'));
}

/** The two resources of a task; without an authentication the target takes everybody. */
export function resources(task: BridgeTask, authentication: object = { anonymous: {} }): object[] {
  const apiVersion = 'mq.iotoperations.azure.com/v1beta1';
  const broker = (port: number) => ({
    endpoint: `127.0.0.1:${port}`,
    tls: { tlsEnabled: false },
    authentication: { anonymous: {} },
  });
  return [
    {
      apiVersion,
      kind: 'MqttBridgeConnector',
      metadata: { name: 'bench', namespace: 'bench' },
      spec: {
        image: { repository: 'mqttbridge', tag: 'bench' },
        protocol: task.shape.version === 5 ? 'v5' : 'v3',
        bridgeInstances: 1,
        clientIdPrefix: 'bench',
        logLevel: 'warn',
        session: { maxInflightMessages: task.window },
        localBrokerConnection: broker(task.sourcePort),
        remoteBrokerConnection: { ...broker(task.targetPort), protocol: 'mqtt', authentication },
      },
    },
    {
      apiVersion,
      kind: 'MqttBridgeTopicMap',
      metadata: { name: 'bench', namespace: 'bench' },
      spec: {
        mqttBridgeConnectorRef: 'bench',
        routes: task.topics.map((source, index) => ({
          name: `route-${index}`,
          direction: 'local-to-remote',
          qos: task.shape.qos,
          source,
        })),
      },
    },
  ];
}
