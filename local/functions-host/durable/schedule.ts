import { hash } from 'node:crypto';
import { type Action, messageOf, type RetryPolicy } from './actions.ts';
import type { Outcome } from './actions.ts';
import type { Intake, Step } from './intake.ts';
import { type EntityMessage, type Instance, isInstanceId, type OpenTask, type Progress } from './model.ts';
import { EVENT, type HistoryEvent, historyEvent, LONGEST_TIMER_MS, TIMER_LINK_MS } from './protocol.ts';

/** An orchestration that another one starts. */
export interface Child {
  readonly task: number;
  readonly id: string;
  readonly name: string;
  readonly version: string | undefined;
  /** JSON text. */
  readonly input: string;
}

/** What a turn leads to. */
export interface Plan {
  /** What is written behind the events of the intake. */
  readonly events: readonly HistoryEvent[];
  readonly activities: readonly { readonly task: number; readonly name: string; readonly input: string }[];
  readonly children: readonly Child[];
  /** `fireAt` in milliseconds since 1970. */
  readonly timers: readonly { readonly task: number; readonly fireAt: number }[];
  readonly canceled: readonly number[];
  readonly sends: readonly { readonly to: string; readonly message: EntityMessage }[];
  readonly progress: Progress;
  /** Actions that may be tasks which are under way already: the SDK does not say so, and they are scheduled anew. */
  readonly doubtful: readonly string[];
}

/** What scheduling needs from outside. */
export interface Surroundings {
  readonly uuid: () => string;
  /** What the app has under this name, in any case of letters. */
  readonly knows: (kind: 'activity' | 'orchestration' | 'entity', name: string) => boolean;
}

type State = Outcome & { readonly kind: 'state' };

interface Draft {
  readonly instance: Instance;
  readonly at: number;
  readonly surroundings: Surroundings;
  readonly events: HistoryEvent[];
  readonly activities: Plan['activities'][number][];
  readonly children: Child[];
  timers: Plan['timers'][number][];
  readonly sends: Plan['sends'][number][];
  readonly open: Record<number, OpenTask>;
  nextId: number;
  lock: Progress['lock'];
}

/** Thrown for an orchestration that cannot go on; its message is told to whoever looks at the instance. */
class Unschedulable extends Error {}

/**
 * Gives numbers to what the orchestrator newly asks for, in the order in which the SDK gave the same numbers, and says
 * what follows. The answer is a sentence when the orchestration cannot go on.
 */
export function schedule(instance: Instance, intake: Intake, state: State, surroundings: Surroundings): Plan | string {
  const { progress } = instance;
  if (digestOf(state.actions.slice(0, progress.seen)) !== progress.digest) return NON_DETERMINISTIC;
  const draft = createDraft(instance, intake, surroundings);
  try {
    if (intake.step !== undefined) takeStep(draft, intake.step, state.actions);
    state.actions.slice(progress.seen).forEach((action, index) => ask(draft, action, progress.seen + index));
  } catch (error) {
    if (error instanceof Unschedulable) return messageOf(error);
    throw error;
  }
  const canceled = cancel(draft, state.actions);
  return {
    doubtful: doubtsOf(intake, state.actions, progress.seen),
    events: draft.events,
    activities: draft.activities,
    children: draft.children,
    timers: draft.timers,
    canceled,
    sends: draft.sends,
    progress: {
      at: draft.at,
      nextId: draft.nextId,
      seen: state.actions.length,
      digest: digestOf(state.actions),
      open: draft.open,
      ...(draft.lock === undefined ? {} : { lock: draft.lock }),
    },
  };
}

// Azure/azure-functions-durable-js#574: in a second Task.any or Task.all, what was yielded before is listed once more.
function doubtsOf({ open }: Intake, actions: readonly Action[], seen: number): string[] {
  if (actions.length === seen) return [];
  const texts = Object.values(open).map((task) => JSON.stringify(actions[task.action]));
  const underWay = new Set(texts);
  return actions.slice(seen).flatMap((action) => (underWay.has(JSON.stringify(action)) ? [action.kind] : []));
}

const NON_DETERMINISTIC =
  'it asked for other things than in an earlier turn: an orchestrator must be deterministic, and an instance must have ' +
  'ended before its orchestrator changes';

// Cancelling changes an action afterwards, and inputs may be large: kind and name are what the framework compares, too.
function digestOf(actions: readonly Action[]): string {
  if (actions.length === 0) return '';
  return hash('sha1', actions.map((action) => `${action.kind} ${nameOf(action)}`).join('\n'), 'base64');
}

function nameOf(action: Action): string {
  switch (action.kind) {
    case 'activity':
    case 'child':
      return action.name;
    case 'wait':
      return action.event;
    case 'call':
    case 'signal':
      return `${action.entity} ${action.operation}`;
    case 'lock':
      return action.entities.join(' ');
    case 'timer':
    case 'continueAsNew':
    case 'release':
    case 'unsupported':
      return '';
  }
}

function createDraft(instance: Instance, intake: Intake, surroundings: Surroundings): Draft {
  return {
    instance,
    at: intake.at,
    surroundings,
    events: [],
    activities: [],
    children: [],
    timers: [],
    sends: [],
    open: { ...intake.open },
    nextId: instance.progress.nextId,
    lock: instance.progress.lock,
  };
}

function record(draft: Draft, type: HistoryEvent['EventType'], fields: Readonly<Record<string, unknown>>): number {
  const id = draft.nextId++;
  draft.events.push(historyEvent(type, draft.at, { EventId: id, ...fields }));
  return id;
}

function takeStep(draft: Draft, step: Step, actions: readonly Action[]): void {
  const { task } = step;
  const action = actions[task.action];
  if (step.kind === 'link') {
    startTimer(draft, step.task.finalAt, task.action);
  } else if (action?.kind === 'activity' || action?.kind === 'child') {
    const { attempt, attempts } = step.task;
    if (step.kind === 'attempt') attemptWork(draft, action, { action: task.action, attempt: attempt + 1, attempts });
    else pause(draft, step.task, action.retry);
  }
}

// The framework pauses after the last attempt, too, and the SDK waits for that.
function pause(draft: Draft, task: Step['task'] & { readonly kind: 'attempt' | 'pause' }, retry?: RetryPolicy): void {
  const { action, attempt, attempts } = task;
  const delay = (retry?.firstDelayMs ?? 0) * (retry?.factor ?? 1) ** (attempt - 1);
  const fireAt = draft.at + Math.round(Math.min(delay, retry?.longestDelayMs ?? delay, FAR_MS));
  draft.open[setTimer(draft, fireAt)] = { kind: 'pause', action, attempt, attempts };
}

/** Ten thousand years; dates end some way behind it. */
const FAR_MS = 10_000 * 365 * 86_400_000;

function ask(draft: Draft, action: Action, index: number): void {
  switch (action.kind) {
    case 'activity':
    case 'child':
      return attemptWork(draft, action, { action: index, attempt: 1, attempts: action.retry?.attempts });
    case 'timer':
      return startTimer(draft, action.fireAt, index);
    case 'call':
    case 'signal':
      return operate(draft, action);
    case 'lock':
      return lock(draft, action);
    case 'release':
      return release(draft);
    case 'unsupported':
      throw new Unschedulable(`the local durable engine does not do this: ${action.what}`);
    case 'wait':
    case 'continueAsNew':
      return undefined;
  }
}

interface Attempt {
  readonly action: number;
  readonly attempt: number;
  readonly attempts: number | undefined;
}

function attemptWork(draft: Draft, action: Action & { readonly kind: 'activity' | 'child' }, attempt: Attempt): void {
  const { attempts } = attempt;
  const task = action.kind === 'activity' ? callActivity(draft, action) : startChild(draft, action);
  draft.open[task] =
    attempts === undefined ? { kind: 'work', action: attempt.action } : { kind: 'attempt', ...attempt, attempts };
}

function callActivity(draft: Draft, { name, input }: Action & { readonly kind: 'activity' }): number {
  demand(draft, 'activity', name);
  const task = record(draft, EVENT.taskScheduled, { Name: name, Input: input });
  draft.activities.push({ task, name, input });
  return task;
}

function startChild(draft: Draft, action: Action & { readonly kind: 'child' }): number {
  const { name, input, version } = action;
  demand(draft, 'orchestration', name);
  const id = action.instanceId ?? `${draft.instance.execution}:${draft.nextId.toString(16).padStart(4, '0')}`;
  if (!isInstanceId(id)) throw new Unschedulable(`'${id}' cannot be the ID of an instance`);
  const task = record(draft, EVENT.childCreated, { Name: name, InstanceId: id, Input: input });
  draft.children.push({ task, id, name, version, input });
  return task;
}

function demand(draft: Draft, kind: 'activity' | 'orchestration' | 'entity', name: string): void {
  if (draft.surroundings.knows(kind, name)) return;
  throw new Unschedulable(`the app has no ${kind} function named '${name}'`);
}

function startTimer(draft: Draft, finalAt: number, action: number): void {
  if (Number.isNaN(finalAt)) throw new Unschedulable('createTimer was given an invalid date');
  const fireAt = finalAt - draft.at > LONGEST_TIMER_MS ? draft.at + TIMER_LINK_MS : finalAt;
  draft.open[setTimer(draft, fireAt)] = { kind: 'timer', action, finalAt };
}

function setTimer(draft: Draft, fireAt: number): number {
  const task = record(draft, EVENT.timerCreated, { FireAt: new Date(fireAt).toISOString() });
  draft.timers.push({ task, fireAt });
  return task;
}

function cancel(draft: Draft, actions: readonly Action[]): number[] {
  const canceled = Object.entries(draft.open).flatMap(([id, task]) => {
    const action = task.kind === 'timer' ? actions[task.action] : undefined;
    return action?.kind === 'timer' && action.canceled ? [Number(id)] : [];
  });
  for (const id of canceled) delete draft.open[id];
  draft.timers = draft.timers.filter(({ task }) => !canceled.includes(task));
  return canceled;
}

function operate(draft: Draft, action: Action & { readonly kind: 'call' | 'signal' }): void {
  const { entity, operation, input } = action;
  demand(draft, 'entity', nameOfEntity(entity));
  const id = draft.surroundings.uuid();
  send(draft, entity, operation, {
    kind: 'operation',
    id,
    name: operation,
    ...(input === undefined ? {} : { input }),
    ...(action.kind === 'call' ? { caller: draft.instance.id } : {}),
  });
}

/** The function of an entity, by the entity's ID. */
export function nameOfEntity(id: string): string {
  return id.slice(1, id.indexOf('@', 1));
}

function lock(draft: Draft, { requestId, entities }: Action & { readonly kind: 'lock' }): void {
  for (const entity of entities) demand(draft, 'entity', nameOfEntity(entity));
  const [first = ''] = entities;
  draft.lock = { requestId, entities };
  send(draft, first, 'lock', { kind: 'lock', id: requestId, owner: draft.instance.id, entities, position: 0 });
}

function release(draft: Draft): void {
  const { lock } = draft;
  draft.lock = undefined;
  for (const entity of lock?.entities ?? []) {
    send(draft, entity, 'release', { kind: 'unlock', id: lock?.requestId ?? '' });
  }
}

function send(draft: Draft, to: string, name: string, message: EntityMessage): void {
  record(draft, EVENT.eventSent, { InstanceId: to, Name: name, Input: JSON.stringify(message) });
  draft.sends.push({ to, message });
}
