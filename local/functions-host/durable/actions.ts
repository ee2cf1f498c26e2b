/** How a failed activity or sub-orchestration is tried again; times in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly factor: number;
  readonly longestDelayMs: number;
}

/** One thing that an orchestrator asked for; inputs are JSON texts. */
export type Action =
  | { readonly kind: 'activity'; readonly name: string; readonly input: string; readonly retry?: RetryPolicy }
  | {
      readonly kind: 'child';
      readonly name: string;
      readonly instanceId?: string;
      readonly version?: string;
      readonly input: string;
      readonly retry?: RetryPolicy;
    }
  | { readonly kind: 'continueAsNew'; readonly input: string }
  | { readonly kind: 'timer'; readonly fireAt: number; readonly canceled: boolean }
  | { readonly kind: 'wait'; readonly event: string }
  | { readonly kind: 'call' | 'signal'; readonly entity: string; readonly operation: string; readonly input?: string }
  | { readonly kind: 'lock'; readonly requestId: string; readonly entities: readonly string[] }
  | { readonly kind: 'release' }
  | { readonly kind: 'unsupported'; readonly what: string };

/** What an orchestrator answered: everything that it asked for since it began, and whether it has ended. */
export type Outcome =
  | {
      readonly kind: 'state';
      readonly actions: readonly Action[];
      readonly done: boolean;
      /** JSON text. */
      readonly output: string;
      /** JSON text. */
      readonly customStatus: string | undefined;
      /** What the orchestrator threw. */
      readonly error: string | undefined;
    }
  /** The function did not keep to the protocol. */
  | { readonly kind: 'broken'; readonly reason: string };

type Json = Readonly<Record<string, unknown>>;

const RETRY_TIMEOUT = 'retryTimeoutInMilliseconds: once that is over, the SDK waits for a retry that never comes';
const FAILURE_LABEL = '\n\n$OutOfProcData$:';

/** Reads what an orchestrator function returned. */
export function readOutcome(text: string): Outcome {
  const state = parseObject(text);
  return state === undefined
    ? { kind: 'broken', reason: 'it returned no orchestration state; was it registered with durable-functions?' }
    : readState(state, undefined);
}

/** Reads what an orchestrator function threw: the SDK hides the state behind a label in the message. */
export function readFailure(thrown: unknown): Outcome {
  const message = messageOf(thrown);
  const label = message.indexOf(FAILURE_LABEL);
  const state = label < 0 ? undefined : parseObject(message.slice(label + FAILURE_LABEL.length));
  if (state === undefined) return { kind: 'broken', reason: message };
  return readState(state, typeof state['error'] === 'string' ? state['error'] : 'it threw an error without a message');
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** JSON text of a value; nothing becomes `null`, as JSON has no word for it. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

function readState(state: Json, error: string | undefined): Outcome {
  const list = state['actions'];
  if (!Array.isArray(list)) return { kind: 'broken', reason: 'its state has no list of actions' };
  const customStatus = state['customStatus'];
  return {
    kind: 'state',
    actions: list.flat().flatMap((action: unknown) => leaves(action as Json)),
    done: state['isDone'] === true || error !== undefined,
    output: jsonText(state['output']),
    customStatus: customStatus === undefined ? undefined : jsonText(customStatus),
    error,
  };
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function leaves(action: Json): Action[] {
  const parts = action['compoundActions'];
  return Array.isArray(parts) ? parts.flatMap((part: unknown) => leaves(part as Json)) : [readAction(action)];
}

function readAction(action: Json): Action {
  const text = (field: string) => String(action[field]);
  if (hasTimeout(action)) return { kind: 'unsupported', what: RETRY_TIMEOUT };
  switch (action['actionType']) {
    case 0:
    case 1:
      return { kind: 'activity', name: text('functionName'), input: encodedOnce(action['input']), ...retryOf(action) };
    case 2:
    case 3:
      return readChild(action);
    case 4:
      return { kind: 'continueAsNew', input: jsonText(action['input']) };
    case 5:
      return { kind: 'timer', fireAt: Date.parse(text('fireAt')), canceled: action['isCanceled'] === true };
    case 6:
      return { kind: 'wait', event: text('externalEventName') };
    case 7:
    case 9:
      return readOperation(action);
    case 8:
      return { kind: 'unsupported', what: 'callHttp: make the request in an activity' };
    case 13:
      return { kind: 'lock', requestId: text('lockRequestId'), entities: readLockSet(action['lockSet']) };
    case 14:
      return { kind: 'release' };
    default:
      return { kind: 'unsupported', what: `an action of type ${text('actionType')}` };
  }
}

function hasTimeout(action: Json): boolean {
  return typeof (action['retryOptions'] as Json | undefined)?.['retryTimeoutInMilliseconds'] === 'number';
}

function readChild(action: Json): Action {
  const { instanceId, version } = action;
  return {
    kind: 'child',
    name: String(action['functionName']),
    input: jsonText(action['input']),
    ...(typeof instanceId === 'string' && instanceId !== '' ? { instanceId } : {}),
    ...(typeof version === 'string' ? { version } : {}),
    ...retryOf(action),
  };
}

function readOperation(action: Json): Action {
  const { input } = action;
  return {
    kind: action['actionType'] === 7 ? 'call' : 'signal',
    entity: String(action['instanceId']),
    operation: String(action['operation']),
    ...(input === undefined ? {} : { input: jsonText(input) }),
  };
}

function readLockSet(set: unknown): string[] {
  const entities = set as readonly { readonly name: string; readonly key: string }[];
  return entities.map(({ name, key }) => entityId(name, key));
}

/** The instance ID of an entity: names of entities have no case. */
export function entityId(name: string, key: string): string {
  return `@${name.toLowerCase()}@${key}`;
}

// The SDK has encoded a string already, and nothing else.
function encodedOnce(input: unknown): string {
  return typeof input === 'string' ? input : jsonText(input);
}

function retryOf(action: Json): { retry?: RetryPolicy } {
  const options = action['retryOptions'] as Json | undefined;
  if (options === undefined) return {};
  const number = (field: string, otherwise: number) => {
    const value = options[field];
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    retry: {
      attempts: number('maxNumberOfAttempts', 1),
      firstDelayMs: number('firstRetryIntervalInMilliseconds', 1),
      factor: number('backoffCoefficient', 1),
      longestDelayMs: number('maxRetryIntervalInMilliseconds', Number.POSITIVE_INFINITY),
    },
  };
}
