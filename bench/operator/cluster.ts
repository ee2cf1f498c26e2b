import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { createClient } from '../../kubernetes/http-client.ts';
import { kubeconfigAccess } from '../../kubernetes/kubeconfig.ts';
import type { Desk } from '../processes/desk.ts';
import type { Running } from '../processes/pool.ts';

/** An API server that is measured against, and a namespace in it. */
export interface BenchCluster {
  readonly client: KubernetesClient;
  /** File. */
  readonly kubeconfig: string;
  readonly namespace: string;
  /** Requests by verb and resource since the last `clear`; undefined where the server cannot be asked. */
  counts(): Promise<Readonly<Record<string, number>> | undefined>;
  clear(): void;
}

const DOUBLE = path.join(import.meta.dirname, '../../test/support/kubernetes/api-server/main.ts');

/** Starts the double as a process of its own. */
export async function startDouble({ pool, folder }: Desk): Promise<BenchCluster> {
  const running = pool.fork(DOUBLE);
  const { kubeconfig: text } = await answerOf<{ readonly kubeconfig: string }>(running);
  const kubeconfig = path.join(folder, 'kubeconfig');
  fs.writeFileSync(kubeconfig, text, { mode: 0o600 });
  return {
    client: await clientOf(kubeconfig),
    kubeconfig,
    namespace: 'bench',
    async counts() {
      const answer = answerOf<{ readonly counts: Readonly<Record<string, number>> }>(running);
      running.child.send('counts');
      return (await answer).counts;
    },
    clear: () => void running.child.send('clear'),
  };
}

async function answerOf<T>(running: Running): Promise<T> {
  const { child } = running;
  const failed = once(child, 'exit').then(() => {
    throw new Error(`the API server ended: ${running.lastWords()}`);
  });
  const [message] = (await Promise.race([once(child, 'message'), failed])) as [T];
  return message;
}

/** Uses the namespace of the context of a kubeconfig, which has to be there; nothing else of the cluster is touched. */
export async function useCluster(kubeconfig: string): Promise<BenchCluster> {
  const { namespace } = await kubeconfigAccess({ path: kubeconfig });
  if (namespace === undefined) throw new Error('the context of the kubeconfig names no namespace');
  const client = await clientOf(kubeconfig);
  return { client, kubeconfig, namespace, counts: async () => undefined, clear: () => undefined };
}

async function clientOf(file: string): Promise<KubernetesClient> {
  return createClient(await kubeconfigAccess({ path: file }), { userAgent: 'bench/0' });
}
