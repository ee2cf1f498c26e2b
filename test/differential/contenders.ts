import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inward, outward } from '../support/bridge-config.ts';
import { startBridge, type Bridge } from '../support/bridge-harness.ts';
import type { Version } from '../support/codec.ts';
import type { Mosquitto } from '../support/mosquitto.ts';
import type { Scope } from '../support/scope.ts';
import { type Contender, type Flow, sourceFilter } from './scenario.ts';

/** Between what and how a bridge is to work. */
export interface BridgeTask {
  readonly local: Mosquitto;
  /** Where the remote broker is reached. */
  readonly remotePort: number;
  readonly version: Version;
  readonly flows: readonly Flow[];
}

/** A bridge that can be started, ended and started again with the same sessions. */
export interface PlayedBridge {
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** How each contender is made to work. */
export const contenders: Readonly<Record<Contender, (scope: Scope, task: BridgeTask) => PlayedBridge>> = {
  mosquitto: mosquittoBridge,
  ours: ourBridge,
};

/** The bridge is a part of the local broker's configuration, so the broker restarts with it. */
function mosquittoBridge(_scope: Scope, { local, ...task }: BridgeTask): PlayedBridge {
  let configured = false;
  return {
    async start() {
      if (!configured) await appendSection(local, task);
      configured = true;
      await local.restart();
    },
    stop: () => local.stop(),
  };
}

async function appendSection(local: Mosquitto, task: Omit<BridgeTask, 'local'>): Promise<void> {
  const file = join(local.dir, 'mosquitto.conf');
  await writeFile(file, `${await readFile(file, 'utf8')}\n${section(task).join('\n')}\n`);
}

function section({ remotePort, version, flows }: Omit<BridgeTask, 'local'>): string[] {
  return [
    'connection bridge',
    `address 127.0.0.1:${remotePort}`,
    `bridge_protocol_version ${version === 5 ? 'mqttv50' : 'mqttv311'}`,
    'cleansession false',
    'notifications false',
    // One number alone makes 2.0.11 wait 5 s and more.
    'restart_timeout 1 1',
    ...flows.map(topicLine),
  ];
}

function topicLine({ direction, pattern, qos, localPrefix, remotePrefix }: Flow): string {
  const [topic, local, remote] = [pattern, localPrefix, remotePrefix].map((text) => text || '""');
  return `topic ${topic} ${direction} ${qos} ${local} ${remote}`;
}

function ourBridge(scope: Scope, { local, remotePort, version, flows }: BridgeTask): PlayedBridge {
  let bridge: Bridge | undefined;
  const config = {
    local: local.port,
    remote: remotePort,
    spec: { protocol: version === 5 ? ('v5' as const) : ('v3' as const) },
    routes: flows.map((flow, index) => {
      const route = flow.direction === 'out' ? outward : inward;
      const target = flow.target === undefined ? {} : { target: flow.target };
      return route(`flow-${index}`, sourceFilter(flow), { qos: flow.qos, ...target });
    }),
  };
  return {
    async start() {
      bridge = await startBridge(scope, config);
    },
    stop: async () => bridge?.stop(),
  };
}
