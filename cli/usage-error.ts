import { CommandError } from './command-error.ts';
import { EXIT } from './exit-code.ts';

/** A command line that cannot be meant: printed as one line with advice, exit code 2. */
export class UsageError extends CommandError {
  constructor(message: string, advice: string) {
    super(message, { advice, exitCode: EXIT.usage });
    this.name = 'UsageError';
  }
}
