/**
 * What a store may refuse. `too-large`: it cannot be kept (413); `bad-continue`, `bad-name`: the caller's parameter (400);
 * `newer-schema`: the file belongs to a newer version; `unavailable`: try again later (503).
 */
export type StoreErrorCode = 'too-large' | 'bad-continue' | 'bad-name' | 'newer-schema' | 'unavailable';

/** A refusal or failure of a store; what it says never contains keys or the text of a stored value. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
