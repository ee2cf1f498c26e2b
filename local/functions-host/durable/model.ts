/** Where an instance can be; the names are those of the management API. */
export type RuntimeStatus = 'Pending' | 'Running' | 'Suspended' | 'Completed' | 'Failed' | 'Terminated';

/** Whether an instance in this status has ended. */
export function isTerminal(status: RuntimeStatus): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Terminated';
}

/** Whether it can be the ID of an instance, by the rules of Durable Functions; `@` begins the IDs of entities. */
export function isInstanceId(text: string): boolean {
  return /^[^@/\\#?\p{Cc}][^/\\#?\p{Cc}]{0,99}$/u.test(text);
}

/** The task of another orchestration that waits for this one. */
export interface Parent {
  readonly instance: string;
  readonly execution: string;
  readonly task: number;
}

/** An orchestration; inputs and outputs are JSON texts, times milliseconds since 1970. */
export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly version: string | undefined;
  /** Another one after each continueAsNew, so that late results of the one before are known as such. */
  readonly execution: string;
  readonly parent: Parent | undefined;
  readonly input: string;
  readonly output: string | undefined;
  readonly customStatus: string | undefined;
  readonly status: RuntimeStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly progress: Progress;
}

/** How an orchestrator ended; text of `failed` is a sentence, the others are JSON texts. */
export type Ending =
  | { readonly kind: 'completed'; readonly output: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'continued'; readonly input: string };

/** A task that was scheduled and has not ended; `action` is its place in the orchestrator's list of actions. */
export type OpenTask =
  | { readonly kind: 'work'; readonly action: number }
  /** An attempt of a task with a retry policy, counted from 1. */
  | { readonly kind: 'attempt'; readonly action: number; readonly attempt: number; readonly attempts: number }
  /** The pause after a failed attempt; the framework makes one after the last, too. */
  | { readonly kind: 'pause'; readonly action: number; readonly attempt: number; readonly attempts: number }
  /** A timer or one link of a chain that ends at `finalAt`. */
  | { readonly kind: 'timer'; readonly action: number; readonly finalAt: number };

/** How far an orchestration has come in giving numbers to what its orchestrator asks for. */
export interface Progress {
  /** Time of the last turn in milliseconds since 1970: the orchestrator's clock does not run backwards. */
  readonly at: number;
  readonly nextId: number;
  /** How many actions have their numbers, and what they were: the orchestrator must ask for the same in each turn. */
  readonly seen: number;
  readonly digest: string;
  readonly open: Readonly<Record<number, OpenTask>>;
  /** The critical section that it is in or waits for. */
  readonly lock?: { readonly requestId: string; readonly entities: readonly string[] };
  /** The orchestrator has ended; the instance has not before its open tasks have. */
  readonly ending?: Ending;
}

/** Nothing done yet. */
export const NO_PROGRESS: Progress = { at: 0, nextId: 0, seen: 0, digest: '', open: {} };

/** Which task is answered, and by what. */
interface Answer {
  readonly by: 'activity' | 'child';
  readonly execution: string;
  readonly task: number;
}

/** What waits in the inbox of an orchestration. */
export type InstanceMessage =
  | { readonly kind: 'start'; readonly execution: string }
  | ({ readonly kind: 'completed'; readonly result: string } & Answer)
  | ({
      readonly kind: 'failed';
      readonly reason: string;
      readonly details: string;
      /** What an app's ExceptionPropertiesProvider made of the error. */
      readonly failureDetails?: unknown;
    } & Answer)
  | { readonly kind: 'fired'; readonly execution: string; readonly task: number; readonly fireAt: number }
  /** An external event, an entity's answer or a granted lock; `input` is JSON text. */
  | { readonly kind: 'event'; readonly name: string; readonly input: string }
  | { readonly kind: 'terminate' | 'suspend' | 'resume'; readonly reason: string };

/** What waits in the inbox of an entity. */
export type EntityMessage =
  | {
      readonly kind: 'operation';
      readonly id: string;
      readonly name: string;
      /** JSON text. */
      readonly input?: string;
      /** The orchestration that waits for an answer; absent for signals. */
      readonly caller?: string;
    }
  | {
      readonly kind: 'lock';
      readonly id: string;
      readonly owner: string;
      /** All entities of the request in the order in which they are locked. */
      readonly entities: readonly string[];
      readonly position: number;
    }
  | { readonly kind: 'unlock'; readonly id: string };

export type Message = InstanceMessage | EntityMessage;

/** A message and its place in the order of arrival. */
export interface Received<M> {
  readonly seq: number;
  readonly message: M;
}

/** An entity; `state` is JSON text: empty where it has none, undefined while it does not exist. */
export interface Entity {
  readonly id: string;
  readonly state: string | undefined;
  readonly lock: { readonly requestId: string; readonly owner: string } | undefined;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
}

/** An activity that is to run. */
export interface Activity {
  readonly seq: number;
  readonly instance: string;
  readonly execution: string;
  readonly task: number;
  readonly name: string;
  /** JSON text. */
  readonly input: string;
}

/** A timer that is to fire. */
export interface Timer {
  readonly instance: string;
  readonly execution: string;
  readonly task: number;
  /** Milliseconds since 1970. */
  readonly fireAt: number;
}
