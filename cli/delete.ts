import { type Collection, KIND_OF } from '../shared/api/names.ts';
import { loadResources } from '../shared/config/load.ts';
import type { ControlPlaneClient } from './control-plane-client/client.ts';
import { connect, type ConnectionFlags } from './control-plane-client/connect.ts';
import { ControlPlaneError } from './control-plane-client/control-plane-error.ts';
import { readDocuments } from './control-plane-client/documents.ts';
import { collectionOf, listingOf, resourceLabel, splitOperands } from './control-plane-client/kinds.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { type OutputFormat, printData } from './output.ts';
import { problemsText } from './problems-text.ts';
import { UsageError } from './usage-error.ts';

export interface DeleteOptions extends ConnectionFlags {
  readonly filename?: readonly string[];
  readonly cascade?: boolean;
  readonly ignoreNotFound?: boolean;
  readonly output: OutputFormat | 'name';
}

interface Target {
  readonly collection: Collection;
  readonly name: string;
}

interface Deletion extends Target {
  readonly outcome: 'deleted' | 'notFound';
}

/** `mqttbridge delete`: one resource, or those that files hold, a topic map before its connector. */
export async function deleteCommand(
  options: DeleteOptions,
  io: Io,
  first?: string,
  second?: string,
): Promise<ExitCode> {
  const grant = options.filename === undefined ? grantIn(first, second) : undefined;
  if (grant !== undefined) return deleteGrant(grant, options, io);
  const targets = options.filename === undefined ? [targetOf(first, second)] : await targetsIn(options, io, first);
  const client = connect(options, io);
  const done: Deletion[] = [];
  try {
    for (const target of targets) done.push(await remove(client, target, options));
  } finally {
    // Also what was deleted before one could not be.
    await print(done, options, io);
  }
  return EXIT.ok;
}

function targetOf(first: string | undefined, second: string | undefined): Target {
  const { kind, name } = splitOperands(first, second);
  if (kind === undefined || name === undefined || name === '')
    throw new UsageError('what is to be deleted is not said', 'connector NAME, topicmap NAME, or -f PATH');
  return { collection: collectionOf(kind), name };
}

/** Name of the grant that is meant, if it is one. */
function grantIn(first: string | undefined, second: string | undefined): string | undefined {
  const { kind, name } = splitOperands(first, second);
  return kind !== undefined && name !== undefined && listingOf(kind) === 'grants' ? name : undefined;
}

async function deleteGrant(id: string, options: DeleteOptions, io: Io): Promise<ExitCode> {
  const client = connect(options, io);
  const deleted = await unlessMissing(options, client.removeGrant(id));
  const result = { kind: 'Grant', name: id, outcome: deleted ? 'deleted' : 'notFound' } as const;
  await printResults([result], options, io);
  return EXIT.ok;
}

/** Whether something was deleted; what is not there counts as well when that is all right. */
async function unlessMissing({ ignoreNotFound = false }: DeleteOptions, deletion: Promise<void>): Promise<boolean> {
  try {
    await deletion;
    return true;
  } catch (error) {
    if (ignoreNotFound && error instanceof ControlPlaneError && error.status === 404) return false;
    throw error;
  }
}

async function targetsIn({ filename = [] }: DeleteOptions, io: Io, operand: string | undefined): Promise<Target[]> {
  if (operand !== undefined) throw new UsageError('a name and -f are two ways to say it', 'give one of them');
  const { resources, problems } = loadResources(await readDocuments(filename, io));
  io.stderr.write(problemsText(problems));
  const targets = resources.flatMap(({ value: { kind, metadata } }): Target[] => {
    const { name } = (metadata ?? {}) as { readonly name?: unknown };
    if (typeof name !== 'string') return [];
    if (kind === KIND_OF.topicmaps) return [{ collection: 'topicmaps', name }];
    return kind === KIND_OF.connectors ? [{ collection: 'connectors', name }] : [];
  });
  if (targets.length === 0 || problems.some(({ severity }) => severity === 'error'))
    throw new UsageError(`${filename.join(', ')} does not say what to delete`, 'check the path given to -f');
  return [...targets.filter(isTopicMap), ...targets.filter((target) => !isTopicMap(target))];
}

function isTopicMap({ collection }: Target): boolean {
  return collection === 'topicmaps';
}

async function remove(client: ControlPlaneClient, target: Target, options: DeleteOptions): Promise<Deletion> {
  const { collection, name } = target;
  const cascade = options.cascade === true && collection === 'connectors';
  try {
    const deleted = await unlessMissing(options, client.remove(collection, name, { cascade }));
    return { ...target, outcome: deleted ? 'deleted' : 'notFound' };
  } catch (error) {
    if (!(error instanceof ControlPlaneError && error.status === 409) || cascade) throw error;
    throw new ControlPlaneError(`topic maps refer to ${resourceLabel(KIND_OF[collection], name)}`, {
      advice: 'delete them first, or add --cascade to delete them too',
      exitCode: error.exitCode,
      details: error.details,
      status: error.status,
    });
  }
}

async function print(done: readonly Deletion[], options: DeleteOptions, io: Io): Promise<void> {
  const results = done.map(({ collection, name, outcome }) => ({ kind: KIND_OF[collection], name, outcome }));
  await printResults(results, options, io);
}

interface Result {
  readonly kind: string;
  readonly name: string;
  readonly outcome: Deletion['outcome'];
}

async function printResults(results: readonly Result[], { output }: DeleteOptions, io: Io): Promise<void> {
  const deleted = results.filter(({ outcome }) => outcome === 'deleted');
  const lines = deleted.map(({ kind, name }) => `${resourceLabel(kind, name)}${output === 'name' ? '' : ' deleted'}\n`);
  const data = { apiVersion: 'mqttbridge/v1', kind: 'DeleteResult', results };
  await printData(io, output === 'name' ? 'table' : output, { data, table: () => lines.join('') });
}
