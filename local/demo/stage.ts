import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, createBroker } from '../broker/broker.ts';
import type { Authenticator } from '../emulator/authentication/authenticator.ts';
import { createDirectory } from '../emulator/authentication/directory.ts';
import { openDoor } from '../emulator/authentication/open-door.ts';
import { type Adjustment, createEventGridEmulator, type EventGridEmulator } from '../emulator/emulator.ts';
import type { PermissionTable } from '../emulator/permissions.ts';
import { instanceMetadata } from '../identity/imds.ts';
import { createTokenIssuer, type TokenIssuer } from '../identity/issuer.ts';
import { type IdentityServer, startIdentityServer } from '../identity/server.ts';
import { createServerCertificate } from './certificate.ts';
import { type Network, openNetwork } from './network.ts';
import { type ControlPlane, SITE } from './control-plane.ts';
import { AUDIENCE, CA_CONFIG_MAP, CONNECTOR, connectorYaml, INSTANCES, TOPIC_MAP_YAML } from './resources.ts';

/** Where the demo listens when nobody else does: easy to remember, and no broker's usual port. */
const PREFERRED_PORT = { local: 11883, network: 18883, remote: 28883 } as const;

const HOUR_S = 3_600;

/** How a stage differs from the usual one. */
export interface StageOptions {
  readonly limits?: Adjustment;
  readonly tokenSeconds?: number;
}

/** Everything around the agents: two brokers, the network to the remote one, where tokens come from, and their files. */
export interface Stage {
  readonly brokers: { readonly local: Broker; readonly remote: EventGridEmulator };
  readonly network: Network;
  readonly identity: IdentityServer;
  readonly ports: { readonly local: number; readonly remote: number };
  /** Everything that the demo writes. */
  readonly folder: string;
  /** The resources, for `apply -f`. */
  readonly resources: string;
  readonly configmapsDir: string;
  readonly secretsDir: string;
  /** PEM file with the certificate of the remote broker. */
  readonly caFile: string;
  /** Ends the brokers and removes the folder. */
  close(): Promise<void>;
}

/** Sets the demo up; the folder is new and below the system's folder for temporary files. */
export async function openStage({ limits = {}, tokenSeconds = HOUR_S }: StageOptions = {}): Promise<Stage> {
  const issuer = await createTokenIssuer({ lifetimeSeconds: tokenSeconds });
  const server = createServerCertificate(new Date());
  const brokers = { local: createBroker(), remote: eventGrid(issuer, limits) };
  const identity = await startIdentityServer({ issuer, endpoints: [instanceMetadata], audiences: [AUDIENCE] });
  const tls = { key: server.key, cert: server.certificate };
  const ports = {
    local: await listen(PREFERRED_PORT.local, (port) => brokers.local.listen({ port })),
    remote: await listen(PREFERRED_PORT.remote, (port) => brokers.remote.listen({ port, tls })),
  };
  const network = await openNetwork(ports.remote, PREFERRED_PORT.network);
  const endpoints = { local: `localhost:${ports.local}`, remote: `localhost:${network.port}` };
  const files = await writeFiles(endpoints, server.certificate);
  return {
    brokers,
    network,
    identity,
    ports,
    ...files,
    async close() {
      await Promise.all([network.close(), identity.close(), brokers.local.close(), brokers.remote.close()]);
      await rm(files.folder, { recursive: true, force: true });
    },
  };
}

/** The emulator knows the managed identity by its tokens; onlookers on this machine need none. */
function eventGrid(issuer: TokenIssuer, limits: Adjustment): EventGridEmulator {
  const tokens = createDirectory(
    { entra: { issuer: issuer.issuer, audiences: [AUDIENCE], keys: { jwks: issuer.jwks } } },
    Date.now,
  );
  const authenticator: Authenticator = (shown) => (shown.method === undefined ? openDoor(shown) : tokens(shown));
  return createEventGridEmulator({
    settings: { maximumClientSessionsPerAuthenticationName: INSTANCES, ...limits },
    authenticator,
    permissions: permissions(issuer.objectId),
  });
}

/** The bridge may use any topic, since the routes are there to be changed; everybody may look on and send commands. */
function permissions(bridge: string): PermissionTable {
  return {
    topicSpaces: [
      { name: 'all', templates: ['#'] },
      { name: 'commands', templates: ['commands/#'] },
    ],
    permissions: [
      { topicSpace: 'all', role: 'Publisher', identities: [bridge] },
      { topicSpace: 'commands', role: 'Publisher' },
      { topicSpace: 'all', role: 'Subscriber' },
    ],
  };
}

async function writeFiles(endpoints: Parameters<typeof connectorYaml>[0], certificate: string) {
  const folder = await mkdtemp(join(tmpdir(), 'mqttbridge-demo-'));
  const resources = join(folder, 'resources');
  const configmapsDir = join(folder, 'configmaps');
  const secretsDir = join(folder, 'secrets');
  const caFile = join(configmapsDir, CA_CONFIG_MAP, 'ca.crt');
  await mkdir(join(configmapsDir, CA_CONFIG_MAP), { recursive: true });
  await Promise.all([mkdir(secretsDir), mkdir(resources)]);
  await writeFile(caFile, certificate);
  await writeFile(join(resources, 'connector.yaml'), connectorYaml(endpoints));
  await writeFile(join(resources, 'topic-map.yaml'), TOPIC_MAP_YAML);
  return { folder, resources, configmapsDir, secretsDir, caFile };
}

/** What to type in another terminal to look over the bridge's shoulder. */
export function hints({ resources, ports, caFile }: HintedStage, plane: Pick<ControlPlane, 'url' | 'adminKeyFile'>) {
  const remote = `-h localhost -p ${ports.remote}`;
  return [
    'Look on from another terminal:',
    `  mosquitto_sub ${remote} --cafile ${caFile} -v -t 'factory/#'    what arrives at the remote broker`,
    `  mosquitto_sub -h 127.0.0.1 -p ${ports.local} -v -t 'commands/#'    what arrives at the local broker`,
    `  mqttx sub ${remote} -l mqtts --ca ${caFile} -t 'factory/#'`,
    `  mosquitto_pub -h 127.0.0.1 -p ${ports.local} -t alerts -m hello    send a message of your own`,
    `  mosquitto_pub ${remote} --cafile ${caFile} -t commands/factory -m hello    and one the other way`,
    'Ask the control plane, or change a route and apply it while everything runs:',
    `  export MQTTBRIDGE_SERVER=${plane.url} MQTTBRIDGE_SITE=${SITE} MQTTBRIDGE_KEY_FILE=${plane.adminKeyFile}`,
    `  npx mqttbridge health ${CONNECTOR}`,
    `  npx mqttbridge apply -f ${join(resources, 'topic-map.yaml')}`,
  ];
}

type HintedStage = Pick<Stage, 'resources' | 'ports' | 'caFile'>;

async function listen(preferred: number, open: (port: number) => Promise<{ readonly port: number }>): Promise<number> {
  const { port } = await open(preferred).catch(() => open(0));
  return port;
}
