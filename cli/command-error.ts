import type { ExitCode } from './exit-code.ts';

/** A command that cannot go on: printed as one line with advice, and what was found before it. */
export class CommandError extends Error {
  readonly advice: string;
  readonly exitCode: ExitCode;
  /** Lines above the error, each ended. */
  readonly details: string;

  constructor(message: string, { advice, exitCode, details = '' }: CommandErrorOptions) {
    super(message);
    this.name = 'CommandError';
    this.advice = advice;
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** What a CommandError says besides its message. */
export interface CommandErrorOptions {
  /** Behind `try:`. */
  readonly advice: string;
  readonly exitCode: ExitCode;
  readonly details?: string;
}
