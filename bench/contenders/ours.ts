import fs from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Running } from '../processes/pool.ts';
import type { BridgeTask, Lab } from './contender.ts';

const command = new URL('../../dist/bin/mqttbridge.cjs', import.meta.url).pathname;

/** Starts `mqttbridge run` on a connector with one route per topic. Throws when it has not been built. */
export function startOurs(lab: Lab, task: BridgeTask): Running {
  const folder = fs.mkdtempSync(path.join(lab.folder, 'ours-'));
  fs.writeFileSync(
    path.join(folder, 'bridge.yaml'),
    resources(task)
      .map((resource) => stringify(resource))
      .join('---\n'),
  );
  // The ready file lies outside: a change in the watched folder would be a reload.
  const args = ['run', '-f', folder, '--http', '127.0.0.1:0', '--once-ready', `${folder}.ready`];
  return lab.pool.spawn(lab.node, [...commandOf(lab), ...args]);
}

/** Our program with its options of Node, as arguments of Node. Throws when it has not been built. */
export function commandOf({ nodeOptions }: Lab): string[] {
  if (!fs.existsSync(command)) throw new Error('dist/bin/mqttbridge.cjs is missing: run `npm run build` first');
  return [...optionsOf(command), ...nodeOptions, command];
}

/** The options of Node in the first line of a program: a shell would start it with them. */
function optionsOf(program: string): string[] {
  const [line = ''] = fs.readFileSync(program, 'utf8').split('\n', 1);
  return line.split(' ').filter((word) => word.startsWith('--'));
}

/** What a task leaves open: one slot, and a target that takes everybody, unless told. */
export interface ResourceOptions {
  readonly authentication?: object;
  readonly bridgeInstances?: number;
}

/** The two resources of a task. */
export function resources(task: BridgeTask, options: ResourceOptions = {}): object[] {
  const { authentication = { anonymous: {} }, bridgeInstances = 1 } = options;
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
        bridgeInstances,
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
