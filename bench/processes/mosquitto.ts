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
 * As Debian ships it, but for limits, which would hide the bridge, and disk and log. With max_inflight_messages 0 or 65535 the v5
 * bridge of Mosquitto 2.0.11 sends a CONNECT that its own broker refuses, so a number no window here reaches.
 */
const settings = [
  'allow_anonymous true',
  'persistence false',
  'log_dest none',
  'sys_interval 0',
  'max_inflight_messages 60000',
  'max_queued_messages 0',
];

/** What differs from broker to broker. */
export interface MosquittoOptions {
  readonly port: number;
  /** Sends small packets at once instead of joining them (Nagle); off in Mosquitto's defaults. */
  readonly nodelay: boolean;
  readonly bridge?: BridgeSections;
}

/** Starts Mosquitto on a loopback port and resolves when it accepts connections. */
export async function startMosquitto(
  { pool, folder }: { readonly pool: ProcessPool; readonly folder: string },
  { port, nodelay, bridge }: MosquittoOptions,
): Promise<Running> {
  const file = path.join(folder, `mosquitto-${port}.conf`);
  const sections = bridge ? bridge.topics.flatMap((topic, index) => section(bridge, topic, index)) : [];
  const lines = [`listener ${port} 127.0.0.1`, ...settings, `set_tcp_nodelay ${nodelay}`, ...sections, ''];
  fs.writeFileSync(file, lines.join('\n'));
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
