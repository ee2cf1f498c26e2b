import { createHash } from 'node:crypto';
import { validateConfig } from '../../shared/config/validate.ts';
import type { Problem } from '../../shared/problem.ts';
import { chooseConnector } from './choose-connector.ts';
import { readConfigFiles, type ReadResult } from './read-files.ts';
import type { ConfigUpdate } from './source.ts';

/** Which files make up an agent's configuration, and which of their connectors it runs. */
export interface ConfigLocation {
  /** Files or folders. */
  readonly paths: readonly string[];
  /** Needed when the files hold several connectors. */
  readonly connector?: string;
}

/** An update, with the warnings that come with a document that may be applied. */
export interface LoadResult {
  readonly update: ConfigUpdate;
  /** Every finding, warnings included, in the order of the files. */
  readonly problems: readonly Problem[];
}

/** Reads, validates and chooses, once; never throws for what a file holds. */
export async function loadConfig(location: ConfigLocation): Promise<LoadResult> {
  const read = await readConfigFiles(location.paths);
  const { problems: found, connectors } = validateConfig([...read.files]);
  const problems = [...read.problems, ...found];
  if (problems.some((problem) => problem.severity === 'error')) return refused(read, problems);
  const choice = chooseConnector(connectors, location.connector, location.paths.join(', '));
  if (choice.kind === 'none') return refused(read, [...problems, choice.problem]);
  return { update: { kind: 'document', document: choice.document }, problems };
}

function refused(read: ReadResult, problems: readonly Problem[]): LoadResult {
  return { update: { kind: 'rejected', revision: hashOf(read), problems }, problems };
}

// The same refusal twice must give the same revision, so what could not be read is part of it.
function hashOf({ files, problems }: ReadResult): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([files, problems]));
  return hash.digest('hex').slice(0, 16);
}
