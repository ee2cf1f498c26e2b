import { EVENT, type HistoryEvent } from '../protocol.ts';

type View = Readonly<Record<string, unknown>>;

/** What the management API shows of a history: what was scheduled appears with its end, once it has one. */
export function historyView(events: readonly string[], outputs: boolean): readonly View[] {
  const scheduled = new Map<unknown, HistoryEvent>();
  const ended = new Set<HistoryEvent>();
  const all = events.map((text) => JSON.parse(text) as HistoryEvent);
  for (const event of all) if (event.EventId >= 0) scheduled.set(event.EventId, event);
  for (const event of all) {
    const beginning = scheduled.get(event['TaskScheduledId'] ?? event['TimerId']);
    if (beginning !== undefined) ended.add(beginning);
  }
  return all.flatMap((event) => {
    const beginning = scheduled.get(event['TaskScheduledId'] ?? event['TimerId']);
    return ended.has(event) ? [] : viewOf(event, beginning, outputs);
  });
}

const NAMES: Readonly<Partial<Record<HistoryEvent['EventType'], string>>> = {
  [EVENT.executionStarted]: 'ExecutionStarted',
  [EVENT.executionCompleted]: 'ExecutionCompleted',
  [EVENT.executionTerminated]: 'ExecutionTerminated',
  [EVENT.taskScheduled]: 'TaskScheduled',
  [EVENT.taskCompleted]: 'TaskCompleted',
  [EVENT.taskFailed]: 'TaskFailed',
  [EVENT.childCreated]: 'SubOrchestrationInstanceCreated',
  [EVENT.childCompleted]: 'SubOrchestrationInstanceCompleted',
  [EVENT.childFailed]: 'SubOrchestrationInstanceFailed',
  [EVENT.timerCreated]: 'TimerCreated',
  [EVENT.timerFired]: 'TimerFired',
  [EVENT.eventSent]: 'EventSent',
  [EVENT.eventRaised]: 'EventRaised',
  [EVENT.executionSuspended]: 'ExecutionSuspended',
  [EVENT.executionResumed]: 'ExecutionResumed',
};

function viewOf(event: HistoryEvent, beginning: HistoryEvent | undefined, outputs: boolean): View[] {
  const name = NAMES[event.EventType];
  if (name === undefined) return [];
  const isFunction = event.EventType === EVENT.executionStarted || event.EventType === EVENT.taskScheduled;
  const functionName = isFunction ? event['Name'] : beginning?.['Name'];
  const kept = ['InstanceId', 'Reason', 'Details', 'FireAt', 'OrchestrationStatus', ...(isFunction ? [] : ['Name'])];
  const shown = outputs ? [...kept, 'Input', 'Result'] : kept;
  return [
    {
      EventType: name,
      Timestamp: event.Timestamp,
      ...(functionName === undefined ? {} : { FunctionName: functionName }),
      ...(beginning === undefined ? {} : { ScheduledTime: beginning.Timestamp }),
      ...Object.fromEntries(shown.flatMap((field) => (field in event ? [[field, valueOf(field, event[field])]] : []))),
    },
  ];
}

function valueOf(field: string, value: unknown): unknown {
  return field === 'Result' || field === 'Input' ? parsed(String(value)) : value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
