import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, createBroker } from '../broker/broker.ts';
import { connectorYaml, TOPIC_MAP_YAML } from './resources.ts';

/** Where the demo's brokers listen when nobody else does: easy to remember, and no broker's usual port. */
const PREFERRED_PORT = { local: 11883, remote: 21883 } as const;

/** Two brokers that listen and a folder with the resources that join them. */
export interface Stage {
  readonly brokers: { readonly local: Broker; readonly remote: Broker };
  readonly ports: { readonly local: number; readonly remote: number };
  readonly folder: string;
  /** Ends the brokers and removes the folder. */
  close(): Promise<void>;
}

/** Sets the demo up; the folder is new and below the system's folder for temporary files. */
export async function openStage(): Promise<Stage> {
  const brokers = { local: createBroker(), remote: createBroker() };
  const ports = {
    local: await listen(brokers.local, PREFERRED_PORT.local),
    remote: await listen(brokers.remote, PREFERRED_PORT.remote),
  };
  const folder = await mkdtemp(join(tmpdir(), 'mqttbridge-demo-'));
  const endpoints = { local: `localhost:${ports.local}`, remote: `localhost:${ports.remote}` };
  await writeFile(join(folder, 'connector.yaml'), connectorYaml(endpoints));
  await writeFile(join(folder, 'topic-map.yaml'), TOPIC_MAP_YAML);
  return {
    brokers,
    ports,
    folder,
    async close() {
      await Promise.all([brokers.local.close(), brokers.remote.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What to type in another terminal to look over the bridge's shoulder. */
export function hints({ folder, ports }: Pick<Stage, 'folder' | 'ports'>): string[] {
  return [
    'Look on from another terminal:',
    `  mosquitto_sub -h 127.0.0.1 -p ${ports.remote} -v -t 'factory/#'        what arrives at the remote broker`,
    `  mosquitto_sub -h 127.0.0.1 -p ${ports.local} -v -t 'commands/#'       what arrives at the local broker`,
    `  mqttx sub -h 127.0.0.1 -p ${ports.remote} -t 'factory/#'`,
    `  mosquitto_pub -h 127.0.0.1 -p ${ports.local} -t alerts -m hello       send a message of your own`,
    'Change a route and save; it is applied while everything runs:',
    `  ${join(folder, 'topic-map.yaml')}`,
  ];
}

async function listen(broker: Broker, preferred: number): Promise<number> {
  try {
    return (await broker.listen({ port: preferred })).port;
  } catch {
    return (await broker.listen({ port: 0 })).port;
  }
}
