import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Container, PodSpec, StatefulSet } from '../../../../operator/render/kubernetes.ts';
import { type Child, startChild } from '../../child.ts';
import { freePort } from '../../free-port.ts';
import { argumentsOf } from './command.ts';
import { openVolumes, type PodFiles, type VolumeSources } from './volumes.ts';

/** A pod: one process and its files. */
export interface Pod {
  readonly name: string;
  readonly ordinal: number;
  /** The pod template that it was made from, as text. */
  readonly template: string;
  readonly pid: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Folder that plays the container's root. */
  readonly root: string;
  readonly args: readonly string[];
  /** As of the last probe. */
  readonly ready: boolean;
  /** Everything written to standard output and error. */
  readonly output: () => string;
  readonly child: Child;
  readonly files: PodFiles;
  /** Asks /readyz. */
  readonly probe: () => Promise<void>;
}

/** What pods of a node have in common. */
export interface Node {
  /** Folder for their files. */
  readonly folder: string;
  /** Entry file of the program that stands for the image, relative to the repository. */
  readonly entry: string;
  readonly namespace: string;
  /** Rejects where there is no such service account. */
  readonly kubeconfigFor: (serviceAccount: string) => Promise<string>;
  /** For pods of a service account. */
  readonly sourcesFor: (serviceAccount: string) => VolumeSources;
}

const ROOT = resolve(import.meta.dirname, '../../../..');

/** The text by which pods are told to be of a template. */
export function templateOf(set: StatefulSet): string {
  return JSON.stringify(set.spec.template);
}

/** Starts the agent of a pod as a process, without waiting until it is ready. */
export async function startPod(node: Node, set: StatefulSet, ordinal: number): Promise<Pod> {
  const { spec } = set.spec.template;
  const name = `${set.metadata.name}-${ordinal}`;
  const root = await mkdtemp(join(node.folder, `${name}-`));
  const container = agentOf(spec);
  const port = await freePort();
  const access = spec.automountServiceAccountToken ? await accessOf(node, spec, root) : undefined;
  const sources = node.sourcesFor(spec.serviceAccountName);
  const files = await openVolumes(root, spec, { mounts: container.volumeMounts, sources });
  const args = argumentsOf(container, { ordinal, root, port, access });
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild(process.execPath, [resolve(ROOT, node.entry), ...args], {
    cwd: ROOT,
    env: { PATH, HOME },
  });
  let ready = false;
  const url = `http://127.0.0.1:${port}`;
  return {
    name,
    ordinal,
    template: templateOf(set),
    pid: child.pid,
    url,
    root,
    args,
    child,
    files,
    get ready() {
      return ready;
    },
    output: () => child.stdout() + child.stderr(),
    async probe() {
      ready = child.running() && (await isReady(url));
    },
  };
}

function agentOf({ containers }: PodSpec): Container {
  const container = containers.find((each): each is Container => each.name === 'mqttbridge');
  if (container === undefined) throw new Error('the pod has no container mqttbridge');
  return container;
}

async function accessOf(node: Node, { serviceAccountName }: PodSpec, root: string) {
  const folder = join(root, 'serviceaccount');
  await mkdir(folder);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, await node.kubeconfigFor(serviceAccountName), { mode: 0o600 });
  return { kubeconfig, namespace: node.namespace };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
