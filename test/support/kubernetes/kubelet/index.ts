import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '../../../../kubernetes/http-client.ts';
import { kubeconfigAccess } from '../../../../kubernetes/kubeconfig.ts';
import type { ObjectKind, StoredObject } from '../../../../kubernetes/object.ts';
import { createReflector, type Reflector } from '../../../../kubernetes/reflector.ts';
import type { StatefulSet } from '../../../../operator/render/kubernetes.ts';
import type { Scope } from '../../scope.ts';
import { createTempDir } from '../../temp-dir.ts';
import type { TestCluster } from '../cluster.ts';
import { type Node, type Pod, startPod, templateOf } from './pod.ts';
import { textOf } from '../plain-client.ts';

/** Plays the StatefulSet controller and the kubelet of one namespace: a process for each pod of a connector. */
export interface Kubelet {
  /** Pods that run, by name. */
  readonly pods: ReadonlyMap<string, Pod>;
  /** How often a pod's process was started. */
  readonly starts: (pod: string) => number;
  /** Why pods could not be started lately, and what those that run have written. */
  readonly describe: () => string;
}

/** What may be told to a kubelet. */
export interface KubeletOptions {
  /** Entry file of the program, relative to the repository; `cli/main.ts` unless told. */
  readonly entry?: string;
}

const STATEFUL_SETS: ObjectKind = { apiVersion: 'apps/v1', kind: 'StatefulSet', plural: 'statefulsets' };
const SECRETS: ObjectKind = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets' };
const CONFIG_MAPS: ObjectKind = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const SERVICE_ACCOUNTS: ObjectKind = { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' };
const MERGE = 'application/merge-patch+json';
/** How often pods are probed. */
const PERIOD_MS = 100;

/** Watches StatefulSets, runs their pods, and says in their status how these are; all of it ends with the scope. */
export async function startKubelet(scope: Scope, cluster: TestCluster, options: KubeletOptions = {}): Promise<Kubelet> {
  const folder = await createTempDir(scope, 'kubelet');
  const running = {
    pods: new Map<string, Pod>(),
    starts: new Map<string, number>(),
    trouble: new Map<string, string>(),
  };
  const ending = new AbortController();
  const copies = await follow(cluster, ending.signal);
  const node: Node = {
    folder,
    entry: options.entry ?? 'cli/main.ts',
    namespace: cluster.namespace,
    async kubeconfigFor(account) {
      // Kubernetes makes no pod for a service account that is not there.
      if (copies.find(copies.accounts, account) === undefined) throw new Error(`no service account ${account}`);
      return cluster.kubeconfigFor(account);
    },
    sourcesFor: (account) => ({
      secret: (name) => copies.find(copies.secrets, name),
      configMap: (name) => copies.find(copies.configMaps, name),
      token: (audience, expirationSeconds) => tokenOf(cluster, account, { audience, expirationSeconds }),
    }),
  };
  const work = turn({ cluster, node, copies, running, signal: ending.signal });
  scope.onTestFinished(async () => {
    ending.abort();
    await work;
    await Promise.all([...running.pods.values()].map(({ child }) => child.end('SIGKILL')));
    await copies.ended;
  });
  return {
    pods: running.pods,
    starts: (pod) => running.starts.get(pod) ?? 0,
    describe: () =>
      [
        ...running.trouble.values(),
        ...[...running.pods.values()].map(({ name, output }) => `${name}: ${output()}`),
      ].join('\n'),
  };
}

interface Copies {
  readonly sets: Reflector;
  readonly secrets: Reflector;
  readonly configMaps: Reflector;
  readonly accounts: Reflector;
  readonly find: (reflector: Reflector, name: string) => StoredObject | undefined;
  /** Resolves at the next change. */
  readonly changed: () => Promise<void>;
  readonly ended: Promise<unknown>;
}

async function follow({ kubeconfig, namespace }: TestCluster, signal: AbortSignal): Promise<Copies> {
  const client = createClient(await kubeconfigAccess({ text: kubeconfig, folder: '/' }), { userAgent: 'kubelet/0' });
  let next = Promise.withResolvers<void>();
  const reflect = (kind: ObjectKind) => createReflector({ client, kind, selection: { namespace } });
  const [sets, secrets, configMaps, accounts] = [STATEFUL_SETS, SECRETS, CONFIG_MAPS, SERVICE_ACCOUNTS].map(
    reflect,
  ) as [Reflector, Reflector, Reflector, Reflector];
  const all = [sets, secrets, configMaps, accounts];
  const runs = all.map((each) =>
    each.run(() => {
      next.resolve();
      next = Promise.withResolvers<void>();
    }, signal),
  );
  await Promise.all(all.map(({ synced }) => synced));
  return {
    sets,
    secrets,
    configMaps,
    accounts,
    find: ({ objects }, name) => objects.get(`${namespace}/${name}`),
    changed: () => next.promise,
    ended: Promise.all(runs).finally(() => client.close()),
  };
}

async function tokenOf(
  { admin, namespace }: TestCluster,
  account: string,
  { audience, expirationSeconds }: { readonly audience: string; readonly expirationSeconds: number },
): Promise<string> {
  const spec = { audiences: [audience], expirationSeconds };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  return textOf((await admin.call('POST', path, request)).body.status.token);
}

interface Turning {
  readonly cluster: TestCluster;
  readonly node: Node;
  readonly copies: Copies;
  readonly running: {
    readonly pods: Map<string, Pod>;
    readonly starts: Map<string, number>;
    readonly trouble: Map<string, string>;
  };
  readonly signal: AbortSignal;
}

/** Looks at everything, again and again. */
async function turn(turning: Turning): Promise<void> {
  const { copies, running, signal } = turning;
  const said = new Map<string, string>();
  while (!signal.aborted) {
    const changed = copies.changed();
    const sets = [...copies.sets.objects.values()].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    const wanted = new Set(sets.flatMap((set) => namesOf(asSet(set))));
    await stop(
      [...running.pods.values()].filter(({ name }) => !wanted.has(name)),
      running.pods,
    );
    for (const set of sets) {
      await run(turning, asSet(set));
      await say(turning, set, said);
    }
    await Promise.race([changed, delay(PERIOD_MS)]);
  }
}

function asSet(object: StoredObject): StatefulSet {
  return object as unknown as StatefulSet;
}

function namesOf({ metadata, spec }: StatefulSet): string[] {
  return Array.from({ length: spec.replicas }, (_, ordinal) => `${metadata.name}-${ordinal}`);
}

async function stop(pods: readonly Pod[], known: Map<string, Pod>): Promise<void> {
  for (const { name } of pods) known.delete(name);
  await Promise.all(pods.map(({ child }) => child.end('SIGTERM')));
}

async function run(turning: Turning, set: StatefulSet): Promise<void> {
  const { pods, starts, trouble } = turning.running;
  const own = namesOf(set).flatMap((name) => pods.get(name) ?? []);
  await Promise.all(own.map(async (pod) => Promise.all([pod.probe(), pod.files.refresh()])));
  await stop(outdated(own, templateOf(set)), pods);
  for (const [ordinal, name] of namesOf(set).entries()) {
    const before = pods.get(name);
    if (before?.child.running()) continue;
    if (before) trouble.set(name, `${name} has ended: ${before.output()}`);
    try {
      pods.set(name, await startPod(turning.node, set, ordinal));
      starts.set(name, (starts.get(name) ?? 0) + 1);
    } catch (error) {
      trouble.set(name, `${name}: ${String(error)}`);
    }
  }
}

/** A rolling update takes the last pod first, and the next one when all that are new are ready. */
function outdated(pods: readonly Pod[], template: string): Pod[] {
  const old = pods.filter((pod) => pod.template !== template);
  const isSettled = pods.every((pod) => pod.template !== template || pod.ready);
  return isSettled ? old.slice(-1) : [];
}

async function say({ cluster, running }: Turning, object: StoredObject, said: Map<string, string>): Promise<void> {
  const set = asSet(object);
  const own = namesOf(set).flatMap((name) => running.pods.get(name) ?? []);
  const readyReplicas = own.filter(({ ready }) => ready).length;
  const updatedReplicas = own.filter(({ template }) => template === templateOf(set)).length;
  const status = {
    observedGeneration: object.metadata.generation,
    replicas: own.length,
    readyReplicas,
    updatedReplicas,
    availableReplicas: readyReplicas,
  };
  const { uid, name } = object.metadata;
  const text = JSON.stringify(status);
  if (said.get(uid) === text) return;
  const path = `/apis/apps/v1/namespaces/${cluster.namespace}/statefulsets/${name}/status`;
  const { code } = await cluster.admin.call('PATCH', path, { status }, MERGE);
  if (code === 200) said.set(uid, text);
}
