import { readConfigFiles } from '../../agent/config/read-files.ts';
import type { ConfigFile } from '../../shared/config/load.ts';
import { CommandError } from '../command-error.ts';
import { EXIT } from '../exit-code.ts';
import type { Io } from '../io.ts';
import { problemsText } from '../problems-text.ts';
import { UsageError } from '../usage-error.ts';

/** A line of a file. */
export interface FileLine {
  readonly file: string;
  readonly line: number;
}

/** The text of several files as it is sent, and the way back. */
export interface SentDocuments {
  readonly text: string;
  /** Undefined where a line belongs to no file. Lines count from 1. */
  placeOf(line: number): FileLine | undefined;
}

const MAX_BODY_BYTES = 1024 * 1024;
// Ends a document, so that the next file may begin with a directive or with nothing.
const SEPARATOR = '\n...\n';

/** Reads files, folders and, for `-`, standard input; throws what cannot be read as problems, with exit code 2. */
export async function readDocuments(paths: readonly string[], io: Io): Promise<readonly ConfigFile[]> {
  const stdin: ConfigFile[] = paths.includes('-') ? [{ name: 'stdin', text: await io.readStdin() }] : [];
  const { files, problems } = await readConfigFiles(paths.filter((path) => path !== '-'));
  if (problems.length > 0) {
    throw new CommandError('not all of the files can be read', {
      advice: 'check the paths given to -f',
      exitCode: EXIT.usage,
      details: problemsText(problems),
    });
  }
  return [...files, ...stdin];
}

/** Puts files into one request; throws UsageError where that is too large. */
export function joinDocuments(files: readonly ConfigFile[]): SentDocuments {
  const texts = files.map(({ text }) => text.replace(/^\uFEFF/, ''));
  const text = texts.join(SEPARATOR);
  if (Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw new UsageError(
      'the files are larger than 1 MiB together',
      'apply them in parts, a topic map after its connector',
    );
  }
  let next = 1;
  const starts = files.map(({ name }, index) => {
    const first = next;
    next += linesIn(texts[index] ?? '') + 1;
    return { name, first };
  });
  return {
    text,
    placeOf(line) {
      const found = starts.findLast(({ first }) => first <= line);
      return found && { file: found.name, line: line - found.first + 1 };
    },
  };
}

function linesIn(text: string): number {
  return text.split('\n').length;
}
