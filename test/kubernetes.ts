import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { parseCLI, startVitest } from 'vitest/node';
import { createCounter } from './support/count-reporter.ts';
import { eventually } from './support/eventually.ts';
import { CLUSTER_VARIABLE } from './support/kubernetes/cluster.ts';
import { kubeconfigText, readEntrance } from './support/kubernetes/kubeconfig.ts';
import { listOf, type PlainClient, plainClient, textOf } from './support/kubernetes/plain-client.ts';

const DEFINITIONS = join(import.meta.dirname, '../infra/kubernetes/crds');
const DEFINITIONS_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Runs what a double may get wrong against the API server that KUBECONFIG names. */
async function main(named: string | undefined): Promise<boolean> {
  if (!named) throw new Error('KUBECONFIG names no cluster: set it to the kubeconfig file of one that tests may use.');
  if (named.includes(delimiter)) throw new Error('KUBECONFIG names several files: set it to a single one.');
  const path = resolve(named);
  const entrance = await readEntrance(path);
  const client = plainClient(kubeconfigText(entrance, 'default'));
  const version = await client.call('GET', '/version');
  console.log(`server ${entrance.server} (${textOf(version.body.gitVersion)}), context ${entrance.context}`);
  const files = (await readdir(DEFINITIONS)).filter((name) => name.endsWith('.yaml'));
  for (const file of files) await define(client, await readFile(join(DEFINITIONS, file), 'utf8'));
  process.env[CLUSTER_VARIABLE] = path;
  const counter = createCounter();
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
  const vitest = await startVitest('test', filter, {
    ...options,
    mode: 'kubernetes',
    include: ['test/integration/kubernetes/**/*.test.ts'],
    // A double can be told to stall, to cut and to forget; a real server cannot.
    exclude: ['**/*.double.test.ts'],
    reporters: ['default', counter.reporter],
  });
  await vitest.close();
  console.log(counter.line());
  return counter.ok();
}

/** Adds a definition, or finds the same one; who has another one keeps it. It stays: all resources of its kind would go with it. */
async function define(client: PlainClient, text: string): Promise<void> {
  const definition = parse(text) as { readonly kind: string; readonly metadata: { readonly name: string } };
  if (definition.kind !== 'CustomResourceDefinition') return;
  const path = `${DEFINITIONS_PATH}/${definition.metadata.name}`;
  const type = 'application/apply-patch+yaml';
  const { code, body } = await client.call('PATCH', `${path}?fieldManager=mqttbridge-test`, definition, type);
  if (code === 409) {
    throw new Error(
      `the cluster has another ${definition.metadata.name}: kubectl apply --server-side -f infra/kubernetes/crds`,
    );
  }
  if (code >= 300) throw new Error(textOf(body.message));
  await established(client, path);
}

async function established(client: PlainClient, path: string): Promise<void> {
  await eventually(async () => {
    const { body } = await client.call('GET', path);
    return listOf(body.status.conditions).some(
      ({ type, status }) => textOf(type) === 'Established' && textOf(status) === 'True',
    );
  });
}

try {
  process.exitCode = (await main(process.env['KUBECONFIG'])) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
