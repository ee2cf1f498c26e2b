import fs from 'node:fs';
import path from 'node:path';
import type { MqttVersion, Qos } from '../load/frames.ts';
import { dial } from '../load/wire.ts';
import type { ProcessPool, Running } from './pool.ts';

/** Bridge sections of a broker's configuration, one per route as our bridge has lanes. */
export interface BridgeSections {
  readonly targetPort: number;
  readonly topics: readonly string[];
  readonly qos: Qos;
  readonly version: MqttVersion;
}

/**
 * Limits and Nagle off, so that neither hides the bridge; no disk, no log. With max_inflight_messages 0 or 65535 the v5
 * bridge of Mosquitto 2.0.11 sends a CONNECT that its own broker refuses, so a number no window here reaches.
 */
const settings = [
  'allow_anonymous true',
  'persistence false',
  'log_dest none',
  'sys_interval 0',
  'max_inflight_messages 60000',
  'max_queued_messages 0',
  'set_tcp_nodelay true',
];

/** Starts Mosquitto on a loopback port and resolves when it accepts connections. */
export async function startMosquitto(
  pool: ProcessPool,
  folder: string,
  port: number,
  bridge?: BridgeSections,
): Promise<Running> {
  const file = path.join(folder, `mosquitto-${port}.conf`);
  const sections = bridge ? bridge.topics.flatMap((topic, index) => section(bridge, topic, index)) : [];
  fs.writeFileSync(file, [`listener ${port} 127.0.0.1`, ...settings, ...sections, ''].join('\n'));
  const running = pool.spawn('mosquitto', ['-c', file]);
  running.child.once('error', () => {});
  (await dial(port)).destroy();
  return running;
}

function section(bridge: BridgeSections, topic: string, index: number): string[] {
  return [
    `connection bench-${index}`,
    `address 127.0.0.1:${bridge.targetPort}`,
    `topic ${topic} out ${bridge.qos}`,
    `bridge_protocol_version ${bridge.version === 5 ? 'mqttv50' : 'mqttv311'}`,
    'cleansession false',
    'notifications false',
    'keepalive_interval 60',
  ];
}
