import type { Hub, Outbox } from './hub.ts';
import { type Instance, isTerminal, NO_PROGRESS, type Parent, type Progress } from './model.ts';
import { EVENT, historyEvent } from './protocol.ts';
import type { DurableStore } from './store/store.ts';

/** An instance and the length of its history. */
export interface Arrived {
  readonly instance: Instance;
  readonly length: number;
}

/** An orchestration that is to begin; `input` is JSON text, `at` in milliseconds since 1970. */
export interface Beginning {
  readonly id: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly input: string;
  readonly parent: Parent | undefined;
  readonly execution: string;
  readonly at: number;
}

/** What makes an instance that nobody waits for. */
export function freshStart(
  { uuid, clock }: Hub,
  what: Pick<Beginning, 'id' | 'name' | 'version' | 'input'>,
): Beginning {
  return { ...what, parent: undefined, execution: uuid(), at: clock.now() };
}

/** Makes an instance in place of an ended one; answers why not where one of its ID has not ended. */
export function start(store: DurableStore, outbox: Outbox, beginning: Beginning): string | undefined {
  const { id, at, execution, ...rest } = beginning;
  const there = store.instances.read(id);
  if (there !== undefined && !isTerminal(there.status)) {
    return `An Orchestration instance with the status ${there.status} already exists: '${id}'.`;
  }
  erase(store, id);
  store.instances.write({
    id,
    execution,
    ...rest,
    output: undefined,
    customStatus: undefined,
    status: 'Pending',
    createdAt: at,
    updatedAt: at,
    progress: NO_PROGRESS,
  });
  outbox.send(id, { kind: 'start', execution });
  return undefined;
}

/** Removes an instance and all that is kept for it. */
export function erase(store: DurableStore, id: string): void {
  abandon(store, id);
  store.instances.clearHistory(id);
  store.instances.remove(id);
}

/** How an instance ends: with the JSON text of its output, or with a sentence. */
type Result =
  | { readonly status: 'Completed'; readonly json: string }
  | { readonly status: 'Failed' | 'Terminated'; readonly text: string };

/** Ends an instance: nothing of it stays under way, its locks are released, and its parent is told. */
export function end(hub: Hub, outbox: Outbox, { instance, length }: Arrived, result: Result): void {
  const { store } = hub;
  const { id, updatedAt: at, progress } = instance;
  const output = result.status === 'Completed' ? result.json : JSON.stringify(sentence(instance, result));
  abandon(store, id);
  store.instances.append(id, length, [
    historyEvent(result.status === 'Terminated' ? EVENT.executionTerminated : EVENT.executionCompleted, at, {
      OrchestrationStatus: result.status,
      Result: output,
    }),
  ]);
  releaseLocks(outbox, progress);
  if (instance.parent !== undefined) tellParent(outbox, instance.parent, result, output);
  store.instances.write({ ...instance, status: result.status, output, progress: NO_PROGRESS });
  outbox.ended(id);
  if (result.status === 'Failed') {
    hub.logger.warn({ evt: 'OrchestrationFailed', name: instance.name, instance: id, reason: result.text });
  }
}

/** Gives back what a critical section holds, or waits for. */
export function releaseLocks(outbox: Outbox, { lock }: Progress): void {
  for (const entity of lock?.entities ?? []) outbox.send(entity, { kind: 'unlock', id: lock?.requestId ?? '' });
}

function sentence({ name }: Instance, { status, text }: Result & { readonly text: string }): string {
  return status === 'Failed' ? `Orchestrator function '${name}' failed: ${text}` : text;
}

function tellParent(outbox: Outbox, parent: Parent, result: Result, output: string): void {
  const { instance, execution, task } = parent;
  const answer = { by: 'child', execution, task } as const;
  if (result.status === 'Completed') outbox.send(instance, { kind: 'completed', ...answer, result: output });
  else outbox.send(instance, { kind: 'failed', ...answer, reason: String(JSON.parse(output)), details: '' });
}

function abandon(store: DurableStore, id: string): void {
  store.timers.clear(id);
  store.activities.clear(id);
  store.inbox.clear(id);
}
