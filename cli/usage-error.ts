/** A command line that cannot be meant: printed as one line with advice, exit code 2. */
export class UsageError extends Error {
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.name = 'UsageError';
    this.advice = advice;
  }
}
