import { CommandError, type CommandErrorOptions } from '../command-error.ts';

/** A request that got no answer, or none that helps. */
export class ControlPlaneError extends CommandError {
  /** Of the answer; absent where there was none. */
  readonly status: number | undefined;
  /** Seconds, as the server asks. */
  readonly retryAfter: number | undefined;

  constructor(message: string, options: ControlPlaneErrorOptions) {
    super(message, options);
    this.name = 'ControlPlaneError';
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }

  /** Whether the same request may get another answer later. */
  get passes(): boolean {
    return this.status === undefined || this.status === 429 || this.status >= 500;
  }
}

/** What a ControlPlaneError says besides its message. */
export interface ControlPlaneErrorOptions extends CommandErrorOptions {
  readonly status?: number;
  readonly retryAfter?: number;
}
