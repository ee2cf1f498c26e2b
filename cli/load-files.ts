import { noConnector } from '../agent/config/choose-connector.ts';
import { readConfigFiles } from '../agent/config/read-files.ts';
import type { ConfigFile } from '../shared/config/load.ts';
import { validateConfig } from '../shared/config/validate.ts';
import type { ConnectorDocument } from '../shared/plan/document.ts';
import type { Problem } from '../shared/problem.ts';
import type { Io } from './io.ts';

/** What the files given to `-f` hold, and everything that is wrong with them. */
export interface LoadedFiles {
  readonly problems: readonly Problem[];
  readonly connectors: readonly ConnectorDocument[];
}

/** Reads and validates files, folders and, for `-`, standard input. */
export async function loadFiles(paths: readonly string[], io: Io): Promise<LoadedFiles> {
  const stdin: ConfigFile[] = paths.includes('-') ? [{ name: 'stdin', text: await io.readStdin() }] : [];
  const read = await readConfigFiles(paths.filter((path) => path !== '-'));
  const { problems, connectors } = validateConfig([...read.files, ...stdin]);
  const found = [...read.problems, ...problems];
  // A file full of other things, or of nothing, is most likely the wrong file.
  if (connectors.length === 0 && !found.some(isError)) found.push(noConnector(paths.join(', ')));
  return { problems: found, connectors };
}

function isError(problem: Problem): boolean {
  return problem.severity === 'error';
}
