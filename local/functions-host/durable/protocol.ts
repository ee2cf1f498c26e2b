/** Kinds of history events, by the numbers of the Durable Task Framework. */
export const EVENT = {
  executionStarted: 0,
  executionCompleted: 1,
  executionTerminated: 3,
  taskScheduled: 4,
  taskCompleted: 5,
  taskFailed: 6,
  childCreated: 7,
  childCompleted: 8,
  childFailed: 9,
  timerCreated: 10,
  timerFired: 11,
  orchestratorStarted: 12,
  eventSent: 14,
  eventRaised: 15,
  executionSuspended: 19,
  executionResumed: 20,
} as const;

/** A history event as the SDK reads it; its other fields depend on `EventType`. */
export interface HistoryEvent {
  readonly EventType: (typeof EVENT)[keyof typeof EVENT];
  /** The number of the task that the event schedules; -1 where it schedules none. */
  readonly EventId: number;
  /** RFC 3339, UTC. */
  readonly Timestamp: string;
  readonly [field: string]: unknown;
}

/** Makes a history event; `at` in milliseconds since 1970. */
export function historyEvent(
  EventType: HistoryEvent['EventType'],
  at: number,
  fields: Readonly<Record<string, unknown>> = {},
): HistoryEvent {
  return { EventType, EventId: -1, Timestamp: new Date(at).toISOString(), ...fields };
}

/** Timers that are further away than this are chained, in milliseconds. */
export const LONGEST_TIMER_MS = 6 * 86_400_000;
/** Length of a link of such a chain, in milliseconds. */
export const TIMER_LINK_MS = 3 * 86_400_000;

// `Millseconds` is the protocol's own spelling, and the SDK refuses timers without the two durations.
const TRIGGER_CONSTANTS =
  '"upperSchemaVersion":1,"upperSchemaVersionNew":3,"longRunningTimerIntervalDuration":"3.00:00:00",' +
  '"maximumShortTimerDuration":"6.00:00:00","defaultHttpAsyncRequestSleepTimeMillseconds":30000';

/** What one turn of an orchestrator is told. */
export interface Trigger {
  readonly instanceId: string;
  readonly parentInstanceId: string | undefined;
  /** JSON text. */
  readonly input: string;
  /** JSON texts of what earlier turns wrote. */
  readonly past: readonly string[];
  readonly fresh: readonly HistoryEvent[];
}

/** The text of an `orchestrationTrigger` binding. */
export function triggerText({ instanceId, parentInstanceId, input, past, fresh }: Trigger): string {
  const played = past.map((text) => `${text.slice(0, -1)},"IsPlayed":true}`);
  const unplayed = fresh.map((event) => `${JSON.stringify(event).slice(0, -1)},"IsPlayed":false}`);
  const parent = parentInstanceId === undefined ? 'null' : JSON.stringify(parentInstanceId);
  return (
    `{"history":[${[...played, ...unplayed].join(',')}],"input":${input},"instanceId":${JSON.stringify(instanceId)},` +
    `"isReplaying":${past.length > 0},"parentInstanceId":${parent},${TRIGGER_CONSTANTS}}`
  );
}
