/** Fields of a line; `evt` names what happened. */
export interface OperatorLogFields {
  readonly evt: string;
  readonly [field: string]: unknown;
}

type Log = (fields: OperatorLogFields, message?: string) => void;

/** What the operator says while it runs. */
export interface OperatorLogger {
  readonly debug: Log;
  readonly info: Log;
  readonly warn: Log;
  readonly error: Log;
}
