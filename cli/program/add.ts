import type { Command } from 'commander';
import type { ExitCode } from '../exit-code.ts';
import type { Io } from '../io.ts';

/** Options of a command as commander parsed them, by their long names in camelCase. */
export type Options = Readonly<Record<string, unknown>>;

/** Runs a command with parsed options; the command's module is loaded only then, so that each command starts small. */
export type Run = (options: Options, io: Io, ...operands: readonly (string | undefined)[]) => Promise<ExitCode>;

/** Makes a declared command run something. */
export type Add = (command: Command, run: Run) => void;
