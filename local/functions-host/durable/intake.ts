import type { Instance, InstanceMessage, OpenTask, Received } from './model.ts';
import { EVENT, type HistoryEvent, historyEvent } from './protocol.ts';

/** What takes a number by itself, before the orchestrator asks for anything more in the same turn. */
export type Step =
  | { readonly kind: 'pause' | 'attempt'; readonly task: OpenTask & { readonly kind: 'attempt' | 'pause' } }
  | { readonly kind: 'link'; readonly task: OpenTask & { readonly kind: 'timer' } };

/** What a turn makes of the messages in the inbox. */
export interface Intake {
  /** The turn's time in milliseconds since 1970: never before that of an earlier one of this execution or of a timer that fired. */
  readonly at: number;
  readonly taken: readonly number[];
  readonly events: readonly HistoryEvent[];
  /** Open tasks without those that ended. */
  readonly open: Readonly<Record<number, OpenTask>>;
  readonly step: Step | undefined;
  readonly suspended: boolean;
  readonly terminated: string | undefined;
  /** Whether there is news for the orchestrator. */
  readonly news: boolean;
  /** Whether messages are left for another turn. */
  readonly more: boolean;
}

type Control = InstanceMessage & { readonly kind: 'terminate' | 'suspend' | 'resume' };

/**
 * Decides what of an inbox one turn deals with. Messages keep their order; what is suspended takes in commands only.
 * A message that leads to a step is the first of its turn: so the order of numbers does not depend on what the
 * orchestrator does with the others.
 */
export function takeIn(instance: Instance, inbox: readonly Received<InstanceMessage>[], now: number): Intake {
  const intake = createDraft(instance, inbox, now);
  for (const { seq, message } of inbox) if (isControl(message)) command(intake, seq, message);
  if (!intake.suspended && intake.terminated === undefined) {
    const others = inbox.filter(({ message }) => !isControl(message));
    // What outlived continueAsNew came before the new beginning, and is told after it.
    const starts = others.filter(({ message }) => message.kind === 'start');
    const rest = others.filter(({ message }) => message.kind !== 'start');
    for (const received of [...starts, ...rest]) {
      if (!admit(intake, instance, received)) break;
    }
  }
  return {
    ...intake,
    more: intake.terminated === undefined && !intake.suspended && intake.taken.length < inbox.length,
  };
}

interface Draft extends Omit<Intake, 'more'> {
  readonly taken: number[];
  readonly events: HistoryEvent[];
  readonly open: Record<number, OpenTask>;
  step: Step | undefined;
  suspended: boolean;
  terminated: string | undefined;
  news: boolean;
}

function createDraft(instance: Instance, inbox: readonly Received<InstanceMessage>[], now: number): Draft {
  const fired = inbox.flatMap(({ message }) => (message.kind === 'fired' ? [message.fireAt] : []));
  const at = Math.max(now, instance.progress.at, ...fired);
  return {
    at,
    taken: [],
    events: [historyEvent(EVENT.orchestratorStarted, at)],
    open: { ...instance.progress.open },
    step: undefined,
    suspended: instance.status === 'Suspended',
    terminated: undefined,
    news: false,
  };
}

function isControl(message: InstanceMessage): message is Control {
  return message.kind === 'terminate' || message.kind === 'suspend' || message.kind === 'resume';
}

function command(draft: Draft, seq: number, { kind, reason }: Control): void {
  draft.taken.push(seq);
  if (kind === 'terminate') {
    draft.terminated ??= reason;
    return;
  }
  draft.suspended = kind === 'suspend';
  const type = kind === 'suspend' ? EVENT.executionSuspended : EVENT.executionResumed;
  draft.events.push(historyEvent(type, draft.at, { Reason: reason }));
}

/** False when the message has to wait for another turn. */
function admit(draft: Draft, instance: Instance, { seq, message }: Received<InstanceMessage>): boolean {
  const event = isStale(draft, instance, message) ? undefined : eventOf(message, instance, draft.at);
  if (event !== undefined) {
    const step = stepOf(draft, message);
    if (step !== undefined && draft.news) return false;
    draft.step ??= step;
    draft.events.push(event);
    draft.news = true;
    if ('task' in message) delete draft.open[message.task];
  }
  draft.taken.push(seq);
  return true;
}

// A late answer belongs to an execution that is over, or to a task that has its answer or was cancelled.
function isStale(draft: Draft, instance: Instance, message: InstanceMessage): boolean {
  if ('execution' in message && message.execution !== instance.execution) return true;
  return 'task' in message && draft.open[message.task] === undefined;
}

function stepOf({ open, at }: Draft, message: InstanceMessage): Step | undefined {
  const task = 'task' in message ? open[message.task] : undefined;
  if (task?.kind === 'attempt' && message.kind === 'failed') return { kind: 'pause', task };
  if (task?.kind === 'pause' && task.attempt < task.attempts) return { kind: 'attempt', task };
  if (task?.kind === 'timer' && task.finalAt > at) return { kind: 'link', task };
  return undefined;
}

function eventOf(message: InstanceMessage, instance: Instance, at: number): HistoryEvent | undefined {
  switch (message.kind) {
    case 'start':
      return historyEvent(EVENT.executionStarted, at, {
        Name: instance.name,
        Input: instance.input,
        ...(instance.version === undefined ? {} : { Version: instance.version }),
      });
    case 'completed':
      return historyEvent(message.by === 'child' ? EVENT.childCompleted : EVENT.taskCompleted, at, {
        TaskScheduledId: message.task,
        Result: message.result,
      });
    case 'failed':
      return historyEvent(message.by === 'child' ? EVENT.childFailed : EVENT.taskFailed, at, {
        TaskScheduledId: message.task,
        Reason: message.reason,
        Details: message.details,
        ...(message.failureDetails === undefined ? {} : { FailureDetails: message.failureDetails }),
      });
    case 'fired':
      return historyEvent(EVENT.timerFired, at, {
        TimerId: message.task,
        FireAt: new Date(message.fireAt).toISOString(),
      });
    case 'event':
      return historyEvent(EVENT.eventRaised, at, { Name: message.name, Input: message.input });
    case 'terminate':
    case 'suspend':
    case 'resume':
      return undefined;
  }
}
