import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { type Child, startChild } from '../child.ts';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-port.ts';
import type { Scope } from '../scope.ts';
import { createTempDir } from '../temp-dir.ts';
import type { TestCluster } from './cluster.ts';

/** One `mqttbridge operator` process, with the rights that infra/kubernetes/base gives it and no others. */
export interface OperatorProcess {
  readonly child: Child;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Waits until it leads and has seen everything. */
  readonly ready: () => Promise<void>;
  readonly output: () => string;
}

/** What may be told to an operator. */
export interface OperatorProcessOptions {
  /** Entry file, relative to the repository; `cli/main.ts` unless told. */
  readonly entry?: string;
}

/** Starts an operator for the cluster's namespace; several of one installation compete for its Lease. */
export interface OperatorInstallation {
  readonly start: (scope: Scope, options?: OperatorProcessOptions) => Promise<OperatorProcess>;
}

const ROOT = resolve(import.meta.dirname, '../../..');
const BASE = join(ROOT, 'infra/kubernetes/base');
const ACCOUNT = 'mqttbridge-operator';

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly subjects?: readonly object[];
}

/** Applies service account, role and binding of infra/kubernetes/base to the namespace of a test. */
export async function installOperator(scope: Scope, cluster: TestCluster): Promise<OperatorInstallation> {
  const text = await readFile(join(BASE, 'access.yaml'), 'utf8');
  for (const document of parseAllDocuments(text)) await apply(cluster, document.toJS() as Manifest);
  const kubeconfig = join(await createTempDir(scope, 'operator'), 'kubeconfig');
  await writeFile(kubeconfig, await cluster.kubeconfigFor(ACCOUNT), { mode: 0o600 });
  return { start: (owner, options = {}) => start(owner, { ...options, kubeconfig, namespace: cluster.namespace }) };
}

async function apply({ admin, namespace }: TestCluster, manifest: Manifest): Promise<void> {
  const { apiVersion, kind, metadata, subjects } = manifest;
  const path = `/${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s`;
  const bound = subjects && { subjects: subjects.map((subject) => ({ ...subject, namespace })) };
  const address = `${path}/${metadata.name}?fieldManager=installer`;
  const { code, body } = await admin.call('PATCH', address, { ...manifest, ...bound }, 'application/apply-patch+yaml');
  if (code >= 300) throw new Error(`${kind} ${metadata.name}: ${JSON.stringify(body)}`);
}

interface Started extends OperatorProcessOptions {
  readonly kubeconfig: string;
  readonly namespace: string;
}

async function start(
  scope: Scope,
  { entry = 'cli/main.ts', kubeconfig, namespace }: Started,
): Promise<OperatorProcess> {
  const port = await freePort();
  const { PATH = '', HOME = '' } = process.env;
  const where = [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`, `--http=127.0.0.1:${port}`];
  const args = [resolve(ROOT, entry), 'operator', `--config=${join(BASE, 'config.yaml')}`, ...where];
  const child = await startChild(process.execPath, args, { cwd: ROOT, env: { PATH, HOME } });
  scope.onTestFinished(async () => void (await child.end('SIGKILL')));
  const url = `http://127.0.0.1:${port}`;
  const output = () => child.stdout() + child.stderr();
  return {
    child,
    url,
    output,
    async ready() {
      // A Lease that nobody released has to run out before.
      await eventually(async () => (await fetch(`${url}/readyz`)).ok, { describe: output, deadlineMs: 30_000 });
    },
  };
}
