import { entityId, jsonText, messageOf } from './actions.ts';
import { type EntityPlan, type LockRequest, type Operation, planEntity } from './entity-plan.ts';
import type { Hub, Outbox } from './hub.ts';
import type { Entity, EntityMessage } from './model.ts';
import { textOf } from './typed-data.ts';

/** Does one turn of an entity: a batch of operations, and locks as they come. */
export async function runEntity(hub: Hub, id: string): Promise<void> {
  const { store, clock } = hub;
  const inbox = store.inbox.read<EntityMessage>(id);
  const before = store.entities.read(id);
  const plan = planEntity(before?.lock, inbox);
  if (plan.taken.length === 0) return;
  const answer = plan.operations.length === 0 ? unchanged(before?.state) : await operate(hub, id, before?.state, plan);
  hub.change((outbox) => {
    store.inbox.remove(plan.taken);
    keep(hub, { id, state: answer.state, lock: plan.lock, updatedAt: clock.now() });
    plan.operations.forEach((operation, index) => reply(hub, outbox, id, operation, answer.results[index]));
    for (const { to, ...signal } of answer.signals) outbox.send(to, { kind: 'operation', id: hub.uuid(), ...signal });
    for (const request of plan.locked) passOn(outbox, request);
  });
  if (plan.taken.length < inbox.length) hub.wake(id);
}

/** Name and key of an entity's ID. */
export function partsOf(id: string): { name: string; key: string } {
  const end = id.indexOf('@', 1);
  return { name: id.slice(1, end), key: id.slice(end + 1) };
}

interface OperationResult {
  readonly isError: boolean;
  /** JSON text. */
  readonly result?: string;
}

interface Signal {
  readonly target: { readonly name: string; readonly key: string };
  readonly name: string;
  readonly input?: string;
}

interface EntityAnswer {
  readonly state: string | undefined;
  readonly results: readonly OperationResult[];
  readonly signals: readonly { readonly to: string; readonly name: string; readonly input?: string }[];
}

function unchanged(state: string | undefined): EntityAnswer {
  return { state, results: [], signals: [] };
}

async function operate(hub: Hub, id: string, state: string | undefined, plan: EntityPlan): Promise<EntityAnswer> {
  const self = partsOf(id);
  const batch = plan.operations.map(({ id, name, input, caller }) => ({
    id,
    name,
    isSignal: caller === undefined,
    ...(input === undefined ? {} : { input }),
  }));
  const exists = state !== undefined;
  const trigger = jsonText({ self, exists, ...(exists && state !== '' ? { state } : {}), batch });
  try {
    const name = hub.functions.find('entity', self.name);
    if (name === undefined) throw new Error(`the app has no entity function named '${self.name}'`);
    return readAnswer(textOf(await hub.runner.run(name, { string: trigger })), plan);
  } catch (error) {
    const result = jsonText(`Entity function '${self.name}' failed: ${messageOf(error)}`);
    return { ...unchanged(state), results: plan.operations.map(() => ({ isError: true, result })) };
  }
}

function readAnswer(text: string, { operations }: EntityPlan): EntityAnswer {
  const answer = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
  const { entityExists, entityState, results, signals } = answer ?? {};
  if (!Array.isArray(results) || results.length < operations.length || !Array.isArray(signals)) {
    throw new Error('it returned no entity state; was it registered with durable-functions?');
  }
  const exists = entityExists === true;
  return {
    // An entity exists once it has answered, even without a state.
    state: exists ? (typeof entityState === 'string' ? entityState : '') : undefined,
    results: results as OperationResult[],
    signals: (signals as Signal[]).map(({ target, name, input }) => ({
      to: entityId(target.name, target.key),
      name,
      // The SDK writes an empty text where there is no input.
      ...(input === undefined || input === '' ? {} : { input }),
    })),
  };
}

function keep({ store }: Hub, entity: Entity): void {
  if (entity.state === undefined && entity.lock === undefined) store.entities.remove(entity.id);
  else store.entities.write(entity);
}

function reply(hub: Hub, outbox: Outbox, id: string, operation: Operation, result: OperationResult | undefined): void {
  const failed = result?.isError === true;
  if (failed)
    hub.logger.warn({ evt: 'EntityOperationFailed', name: operation.name, entity: id, reason: result.result });
  if (operation.caller === undefined) return;
  const input = jsonText({
    ...(result?.result === undefined ? {} : { result: result.result }),
    ...(failed ? { exceptionType: 'EntityOperationFailed' } : {}),
  });
  outbox.send(operation.caller, { kind: 'event', name: operation.id, input });
}

function passOn(outbox: Outbox, request: LockRequest): void {
  const next = request.entities[request.position + 1];
  if (next === undefined) outbox.send(request.owner, { kind: 'event', name: request.id, input: '{}' });
  else outbox.send(next, { ...request, position: request.position + 1 });
}
