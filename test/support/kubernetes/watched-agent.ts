import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../../operator/render/kubernetes.ts';
import { renderConnector } from '../../../operator/render/render.ts';
import { connectorSchema } from '../../../shared/resources/connector.ts';
import { API_VERSION } from '../../../shared/resources/metadata.ts';
import type { ConnectorStatus, InstanceStatus } from '../../../shared/resources/status.ts';
import { type AgentProcess, startAgent } from '../agent-process.ts';
import { type BridgeConfig, bridgeYaml } from '../bridge-config.ts';
import type { Scope } from '../scope.ts';
import { createTempDir } from '../temp-dir.ts';
import type { TestCluster } from './cluster.ts';
import type { Reply } from './plain-client.ts';

/** A cluster in which agents watch one connector, called `bridge`, with the rights that the operator gives them. */
export interface WatchedCluster {
  /** Applies the resources as `kubectl apply` does; throws where the API server refuses one. */
  readonly apply: (config: BridgeConfig | string) => Promise<void>;
  readonly remove: (plural: string, name: string) => Promise<Reply>;
  readonly status: () => Promise<ConnectorStatus>;
  /** The entry of an instance, of the one that is alone unless told. */
  readonly entry: (instance?: string) => Promise<InstanceStatus | undefined>;
  /** `status/reason` of a condition of an entry. */
  readonly condition: (type: string, instance?: string) => Promise<string | undefined>;
  /** The generation of the connector. */
  readonly generation: () => Promise<number>;
  /** Starts an agent, without waiting until it is ready. */
  readonly start: (options?: StartOptions) => Promise<AgentProcess>;
  /** A kubeconfig file with exactly the rights of an agent. */
  readonly kubeconfig: string;
}

/** How an agent differs from one that runs alone. */
export interface StartOptions {
  readonly instance?: number;
  /** Folder of the last good definition; a new one unless told. */
  readonly data?: string;
}

const CONNECTOR = 'bridge';

/** Gives a service account the rendered rights; there is no connector yet. */
export async function watchedCluster(scope: Scope, cluster: TestCluster): Promise<WatchedCluster> {
  const { admin, namespace } = cluster;
  const base = `/apis/${API_VERSION}/namespaces/${namespace}`;
  const read = async () => (await admin.call('GET', `${base}/mqttbridgeconnectors/${CONNECTOR}`)).body;
  const status = async () => ((await read()).status ?? {}) as unknown as ConnectorStatus;
  const entry = async (instance = '0') => (await status()).instances?.find((one) => one.instance === instance);
  const kubeconfig = join(await createTempDir(scope, 'kubeconfig'), 'config');
  await writeFile(kubeconfig, await grant(cluster));
  return {
    kubeconfig,
    async apply(config) {
      const text = typeof config === 'string' ? config : bridgeYaml(config);
      // Topic maps come first: a connector that is back before its routes would have none for a moment.
      for (const document of parseAllDocuments(text).toReversed())
        await put(cluster, document.toJS() as KubernetesObject);
    },
    remove: (plural, name) => admin.call('DELETE', `${base}/${plural}/${name}`),
    status,
    entry,
    async condition(type, instance) {
      const found = (await entry(instance))?.conditions?.find((one) => one.type === type);
      return found && `${found.status}/${found.reason}`;
    },
    generation: async () => Number((await read()).metadata.generation),
    async start({ instance, data } = {}) {
      const folder = data ?? (await createTempDir(scope, 'data'));
      const where = ['--namespace', namespace, '--kubeconfig', kubeconfig, '--data', folder];
      const args = ['--kubernetes', '--connector', CONNECTOR, ...where];
      return startAgent(scope, { args, ...(instance === undefined ? {} : { instance }) });
    },
  };
}

/** What the operator renders of rights, and a kubeconfig that has them. */
async function grant(cluster: TestCluster): Promise<string> {
  const connection = { endpoint: '127.0.0.1:1883', tls: { tlsEnabled: false }, authentication: { anonymous: {} } };
  const connector = connectorSchema.parse({
    apiVersion: API_VERSION,
    kind: 'MqttBridgeConnector',
    metadata: { name: CONNECTOR },
    spec: { localBrokerConnection: connection, remoteBrokerConnection: connection },
  });
  const image = { repository: 'registry.test/mqttbridge', tag: '1' };
  const options = { image, definition: { kind: 'kubernetes' } as const };
  const rendering = renderConnector(connector, { namespace: cluster.namespace, uid: crypto.randomUUID() }, options);
  if (rendering.kind === 'refused') throw new RangeError(JSON.stringify(rendering.obstacles));
  for (const object of rendering.objects) {
    // Whoever owns what is not there is collected as garbage.
    const { ownerReferences: _, ...metadata } = object.metadata;
    if (/^(?:ServiceAccount|Role|RoleBinding)$/.test(object.kind)) await put(cluster, { ...object, metadata });
  }
  return cluster.kubeconfigFor(`aio-mq-${CONNECTOR}`);
}

interface Applied {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

async function put({ admin, namespace }: TestCluster, object: Applied): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const path = `${root}/namespaces/${namespace}/${kind.toLowerCase()}s/${metadata.name}?fieldManager=kubectl&force=true`;
  const body = { ...object, metadata: { ...metadata, namespace } };
  const reply = await admin.call('PATCH', path, body, 'application/apply-patch+yaml');
  if (reply.code > 299) throw new Error(`${kind} ${metadata.name}: ${JSON.stringify(reply.body)}`);
}
