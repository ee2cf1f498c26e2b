import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { ConnectorInput } from '../../../shared/resources/connector.ts';
import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import type { StatusCondition } from '../../../shared/resources/status.ts';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import { inward, outward } from '../../support/bridge-config.ts';
import { checkDelivery } from '../../support/delivery.ts';
import { eventually } from '../../support/eventually.ts';
import { openCluster, type TestCluster } from '../../support/kubernetes/cluster.ts';
import { type Kubelet, startKubelet } from '../../support/kubernetes/kubelet/index.ts';
import { installOperator, type OperatorInstallation } from '../../support/kubernetes/operator-process.ts';
import { type Answered, listOf, textOf } from '../../support/kubernetes/plain-client.ts';
import { startConsumer, startProducer } from '../../support/load.ts';
import { type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { APPLY } from './stage.ts';

/** Who the remote broker lets in. */
export const USER = { username: 'bridge', password: 'correct horse' };
/** Name of the Secret that says so to agents. */
export const SECRET = 'remote-user';
const RATE = 100;
/** A Lease that nobody gave back has to run out, and processes start slowly where others run. */
const PATIENCE_MS = 60_000;

/** A namespace with an operator to be started, a kubelet, and two brokers. */
export interface StoryStage {
  readonly cluster: TestCluster;
  readonly operators: OperatorInstallation;
  readonly kubelet: Kubelet;
  readonly local: Mosquitto;
  readonly remote: Mosquitto;
  /** Applies an object as `kubectl apply --server-side` does. */
  readonly apply: (plural: string, object: object) => Promise<void>;
  readonly remove: (plural: string, name: string) => Promise<void>;
  readonly read: (plural: string, name: string) => Promise<Answered>;
  /** `status/reason` of a condition. */
  readonly condition: (plural: string, name: string, type: string) => Promise<string | undefined>;
  readonly until: (condition: () => boolean | Promise<boolean>) => Promise<unknown>;
}

export const CONNECTORS = 'mqttbridgeconnectors';
export const MAPS = 'mqttbridgetopicmaps';
const GROUPS: Readonly<Record<string, string>> = {
  [CONNECTORS]: `apis/${API_VERSION}`,
  [MAPS]: `apis/${API_VERSION}`,
  statefulsets: 'apis/apps/v1',
  roles: 'apis/rbac.authorization.k8s.io/v1',
  rolebindings: 'apis/rbac.authorization.k8s.io/v1',
};

const SECRETS_ROLE = 'mqttbridge-operator-secrets';

/** What lets the operator see the Secret, as it says itself where it may not. */
function secretsRole(): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: SECRETS_ROLE },
    rules: [{ apiGroups: [''], resources: ['secrets'], resourceNames: [SECRET], verbs: ['get', 'list', 'watch'] }],
  };
}

function secretsBinding(namespace: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: SECRETS_ROLE },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: SECRETS_ROLE },
    subjects: [{ kind: 'ServiceAccount', name: 'mqttbridge-operator', namespace }],
  };
}

/** Opens it all; the operator is not started. */
export async function storyStage(t: Scope): Promise<StoryStage> {
  const cluster = await openCluster(t);
  const { admin, namespace } = cluster;
  const [local, remote, operators] = await Promise.all([
    startMosquitto(t),
    startMosquitto(t, { users: { [USER.username]: USER.password } }),
    installOperator(t, cluster),
  ]);
  const kubelet = await startKubelet(t, cluster);
  const path = (plural: string, name: string) =>
    `/${GROUPS[plural] ?? 'api/v1'}/namespaces/${namespace}/${plural}/${name}`;
  const read = async (plural: string, name: string) => (await admin.call('GET', path(plural, name))).body;
  const apply = async (plural: string, object: object) => {
    const { metadata } = object as { readonly metadata: { readonly name: string } };
    const address = `${path(plural, metadata.name)}?fieldManager=author`;
    const { code, body } = await admin.call('PATCH', address, object, APPLY);
    expect(code, JSON.stringify(body)).toBeLessThan(300);
  };
  await apply('roles', secretsRole());
  await apply('rolebindings', secretsBinding(namespace));
  return {
    cluster,
    operators,
    kubelet,
    local,
    remote,
    apply,
    read,
    remove: async (plural, name) => void (await admin.call('DELETE', path(plural, name))),
    async condition(plural, name, type) {
      const { status } = await read(plural, name);
      const all = (status?.conditions ?? []) as unknown as readonly StatusCondition[];
      const found = all.find((each) => each.type === type);
      return found && `${found.status}/${found.reason}`;
    },
    until: (condition) => eventually(condition, { deadlineMs: PATIENCE_MS, describe: kubelet.describe }),
  };
}

/** The connector `edge` between the two brokers; the remote one asks for a password. */
export function connectorOf({ local, remote }: StoryStage, more: Partial<ConnectorInput['spec']> = {}): object {
  const tls = { tlsEnabled: false };
  const spec = {
    clientIdPrefix: 'edge',
    ...more,
    localBrokerConnection: { endpoint: `127.0.0.1:${local.port}`, tls, authentication: { anonymous: {} } },
    remoteBrokerConnection: {
      endpoint: `127.0.0.1:${remote.port}`,
      tls,
      authentication: { usernamePassword: { secretName: SECRET } },
    },
  };
  return { apiVersion: API_VERSION, kind: 'MqttBridgeConnector', metadata: { name: 'edge' }, spec };
}

/** A topic map of `edge`. */
export function mapOf(name: string, routes: readonly RouteInput[]): object {
  const spec = { mqttBridgeConnectorRef: 'edge', routes };
  return { apiVersion: API_VERSION, kind: 'MqttBridgeTopicMap', metadata: { name }, spec };
}

/** Both directions. */
export const ROUTES = [outward('up', 'up/#', { qos: 1 }), inward('down', 'down/#', { qos: 1 })];

/** The Secret that lets agents in. */
export function secret(): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: SECRET }, stringData: USER };
}

/** Whether the connector is ready as it is now, with so many pods. */
export async function isReady({ read }: StoryStage, pods: number): Promise<boolean> {
  const { metadata, status } = await read(CONNECTORS, 'edge');
  const conditions = (status?.conditions ?? []) as unknown as readonly StatusCondition[];
  const ready = conditions.find(({ type }) => type === 'Ready');
  const set = await read('statefulsets', 'aio-mq-edge');
  const isCurrent = ready?.observedGeneration === Number(metadata.generation);
  return isCurrent && ready?.status === 'True' && Number(set.status?.readyReplicas) === pods;
}

/** Waits by `kubectl wait` where it is installed, else as it does. */
export async function untilReady(t: Scope, { cluster, condition, until }: StoryStage): Promise<void> {
  const config = join(await createTempDir(t, 'kubectl'), 'config');
  await writeFile(config, cluster.kubeconfig);
  const args = ['wait', '--for=condition=Ready', 'mbc/edge', '--timeout=60s', `--kubeconfig=${config}`];
  try {
    await promisify(execFile)('kubectl', [...args, `--cache-dir=${config}.cache`]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await until(async () => (await condition(CONNECTORS, 'edge', 'Ready')) === 'True/Ready');
  }
}

/** Messages in both directions, which go on until `end`. */
export interface Traffic {
  /** Waits until what is sent from now on passes. */
  readonly flows: () => Promise<void>;
  /** Stops, and expects that all has arrived. */
  readonly end: () => Promise<void>;
}

/** Starts sending; what the bridge does not take yet is kept by brokers only once it has subscribed. */
export async function startTraffic(t: Scope, { local, remote }: StoryStage): Promise<Traffic> {
  const connect = { username: USER.username, password: Buffer.from(USER.password) };
  const above = await startConsumer(t, { port: remote.port, connect, clientId: 'above', filters: 'up/#' });
  const below = await startConsumer(t, { port: local.port, clientId: 'below', filters: 'down/#' });
  const up = startProducer(t, { port: local.port, name: 'producer-up', topics: ['up/a'], rate: RATE });
  const down = startProducer(t, { port: remote.port, connect, name: 'producer-down', topics: ['down/a'], rate: RATE });
  const arrived = async (more: number) => {
    const [sentUp, sentDown] = [up.log.sent.length + more, down.log.sent.length + more];
    await Promise.all([above.received(sentUp, PATIENCE_MS), below.received(sentDown, PATIENCE_MS)]);
  };
  return {
    flows: () => arrived(1),
    async end() {
      await Promise.all([up.stop(), down.stop()]);
      await arrived(0);
      for (const [sent, received] of [
        [up.log.sent, above.log.received],
        [down.log.sent, below.log.received],
      ] as const) {
        const { ok, text } = checkDelivery(sent, received, { allowDuplicates: true, ignoreOrder: true });
        expect(ok, text).toBe(true);
      }
    },
  };
}

/** Objects in the namespace that a connector owned or owns. */
export async function ownedObjects({ cluster }: StoryStage): Promise<string[]> {
  const { namespace, admin } = cluster;
  const collections = [
    'api/v1/serviceaccounts',
    'api/v1/services',
    'apis/apps/v1/statefulsets',
    'apis/policy/v1/poddisruptionbudgets',
    'apis/rbac.authorization.k8s.io/v1/roles',
    'apis/rbac.authorization.k8s.io/v1/rolebindings',
  ];
  const found = collections.map(async (collection) => {
    const at = collection.lastIndexOf('/');
    const path = `/${collection.slice(0, at)}/namespaces/${namespace}${collection.slice(at)}`;
    const { body } = await admin.call('GET', path);
    const names = listOf(body.items).map(({ metadata }) => textOf(metadata.name));
    return names.filter((name) => name.startsWith('aio-mq-')).map((name) => `${collection.slice(at + 1)} ${name}`);
  });
  return (await Promise.all(found)).flat();
}
