import { randomBytes } from 'node:crypto';
import type { Scope } from '../scope.ts';
import { startApiServer } from './api-server/index.ts';
import { type Entrance, kubeconfigText, readEntrance } from './kubeconfig.ts';
import { type PlainClient, plainClient, type Reply, textOf } from './plain-client.ts';

/** A cluster that has the custom resource definitions, and a namespace in it that no other test has. */
export interface TestCluster {
  readonly namespace: string;
  /** YAML, of an administrator. */
  readonly kubeconfig: string;
  readonly admin: PlainClient;
  /** YAML, with the rights of a service account of the namespace, which is made if it is not there. */
  readonly kubeconfigFor: (serviceAccount: string) => Promise<string>;
}

/** Environment variable by which `npm run test:kubernetes` hands its kubeconfig file to the tests; nothing else sets it. */
export const CLUSTER_VARIABLE = 'MQTTBRIDGE_TEST_KUBECONFIG';

/** Opens the API server double, or the cluster of `npm run test:kubernetes`; the namespace ends with the scope. */
export async function openCluster(scope: Scope): Promise<TestCluster> {
  const named = process.env[CLUSTER_VARIABLE];
  const entrance = named ? await readEntrance(named) : await startDouble(scope);
  const namespace = `mqttbridge-test-${randomBytes(4).toString('hex')}`;
  const kubeconfig = kubeconfigText(entrance, namespace);
  const admin = plainClient(kubeconfig);
  await expectCode(201, admin.call('POST', '/api/v1/namespaces', namespaceObject(namespace)));
  scope.onTestFinished(async () => void (await admin.call('DELETE', `/api/v1/namespaces/${namespace}`)));
  return {
    namespace,
    kubeconfig,
    admin,
    async kubeconfigFor(serviceAccount) {
      const token = await tokenOf(admin, namespace, serviceAccount);
      return kubeconfigText({ ...entrance, user: { kind: 'token', token } }, namespace);
    },
  };
}

async function startDouble(scope: Scope): Promise<Entrance> {
  const { url, ca, token } = await startApiServer(scope);
  return { context: 'double', server: url, ca, user: { kind: 'token', token } };
}

function namespaceObject(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

async function tokenOf(admin: PlainClient, namespace: string, name: string): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } };
  const made = await admin.call('POST', accounts, account);
  if (made.code !== 409) await expectCode(201, made);
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { body } = await expectCode(201, admin.call('POST', `${accounts}/${name}/token`, request));
  return textOf(body.status.token);
}

async function expectCode(code: number, reply: Reply | Promise<Reply>): Promise<Reply> {
  const answered = await reply;
  if (answered.code !== code) throw new Error(`${answered.code}: ${JSON.stringify(answered.body)}`);
  return answered;
}
