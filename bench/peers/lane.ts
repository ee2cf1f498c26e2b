import mqtt, { type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { BridgeTask } from '../contenders/contender.ts';

/** The two clients of one route, as every bridge written with mqtt.js has them. */
export interface Lane {
  readonly source: MqttClient;
  readonly target: MqttClient;
}

/** Connects one lane per topic; `attach` is called before anything is subscribed. */
export async function openLanes(task: BridgeTask, attach: (lane: Lane) => void): Promise<void> {
  await Promise.all(
    task.topics.map(async (topic, index) => {
      const target = connect(task, task.targetPort, `bench-target-${index}`);
      const source = connect(task, task.sourcePort, `bench-source-${index}`);
      attach({ source, target });
      source.once('connect', () => source.subscribe(topic, { qos: task.shape.qos }));
    }),
  );
}

function connect(task: BridgeTask, port: number, clientId: string): MqttClient {
  return mqtt.connect({
    host: '127.0.0.1',
    port,
    clientId,
    protocolVersion: task.shape.version,
    clean: true,
    keepalive: 60,
    reconnectPeriod: 200,
  });
}

/** What a faithful bridge hands on of a received PUBLISH. */
export function publishOptions(packet: IPublishPacket): IClientPublishOptions {
  const { qos, retain, properties } = packet;
  return properties ? { qos, retain, properties } : { qos, retain };
}
