import { messageOf, type Outcome, readFailure, readOutcome } from './actions.ts';
import type { Hub, Outbox } from './hub.ts';
import { type Intake, takeIn } from './intake.ts';
import { type Ending, type Instance, type InstanceMessage, isTerminal, NO_PROGRESS } from './model.ts';
import { type Arrived, end, releaseLocks, start } from './life-cycle.ts';
import { triggerText } from './protocol.ts';
import { type Plan, schedule } from './schedule.ts';
import { textOf } from './typed-data.ts';

/** Does one turn of an orchestration: takes in its messages, asks the orchestrator, and writes down what follows. */
export async function runTurn(hub: Hub, id: string): Promise<void> {
  const { store, clock } = hub;
  const inbox = store.inbox.read<InstanceMessage>(id);
  const instance = store.instances.read(id);
  if (instance === undefined || isTerminal(instance.status)) {
    if (inbox.length > 0) hub.change(() => store.inbox.clear(id));
    return;
  }
  const intake = takeIn(instance, inbox, clock.now());
  if (intake.taken.length === 0) return;
  const past = store.instances.history(id);
  const turn: Turn = { instance, intake, past: past.length };
  const decision = await decide(hub, instance, intake, past);
  hub.change((outbox) => write(hub, outbox, turn, decision));
  if (intake.more) hub.wake(id);
}

interface Turn {
  readonly instance: Instance;
  readonly intake: Intake;
  /** Events that were there before. */
  readonly past: number;
}

/** What a turn comes to. */
type Decision =
  | { readonly kind: 'rest' }
  | { readonly kind: 'terminated'; readonly reason: string }
  /** It cannot go on, whatever is still under way. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'planned'; readonly plan: Plan; readonly state: Outcome & { readonly kind: 'state' } };

async function decide(hub: Hub, instance: Instance, intake: Intake, past: readonly string[]): Promise<Decision> {
  if (intake.terminated !== undefined) return { kind: 'terminated', reason: intake.terminated };
  if (!intake.news || instance.progress.ending !== undefined) return { kind: 'rest' };
  try {
    return await think(hub, instance, intake, past);
  } catch (error) {
    // An answer that no SDK gives must not take the other orchestrations along.
    return { kind: 'failed', reason: `its answer cannot be understood: ${messageOf(error)}` };
  }
}

async function think(hub: Hub, instance: Instance, intake: Intake, past: readonly string[]): Promise<Decision> {
  const outcome = await play(hub, instance, intake, past);
  if (outcome.kind === 'broken') return { kind: 'failed', reason: outcome.reason };
  const plan = schedule(instance, intake, outcome, {
    uuid: hub.uuid,
    knows: (kind, name) => hub.functions.find(kind, name) !== undefined,
  });
  return typeof plan === 'string' ? { kind: 'failed', reason: plan } : { kind: 'planned', plan, state: outcome };
}

async function play(hub: Hub, instance: Instance, intake: Intake, past: readonly string[]): Promise<Outcome> {
  const name = hub.functions.find('orchestration', instance.name);
  if (name === undefined) {
    return { kind: 'broken', reason: `the app has no orchestration function named '${instance.name}'` };
  }
  const trigger = triggerText({
    instanceId: instance.id,
    parentInstanceId: instance.parent?.instance,
    input: instance.input,
    past,
    fresh: intake.events,
  });
  try {
    return readOutcome(textOf(await hub.runner.run(name, { string: trigger })));
  } catch (error) {
    return readFailure(error);
  }
}

function write(hub: Hub, outbox: Outbox, turn: Turn, decision: Decision): void {
  const { store } = hub;
  store.inbox.remove(turn.intake.taken);
  switch (decision.kind) {
    case 'rest':
      return writeRest(hub, outbox, turn);
    case 'terminated':
      return end(hub, outbox, arrived(hub, turn), { status: 'Terminated', text: decision.reason });
    case 'failed':
      return end(hub, outbox, arrived(hub, turn), { status: 'Failed', text: decision.reason });
    case 'planned':
      return writePlan(hub, outbox, turn, decision);
  }
}

/** Appends what came in; the instance is as it was otherwise. */
function arrived({ store }: Hub, { instance, intake, past }: Turn): Arrived {
  const events = intake.news ? intake.events : intake.events.slice(1);
  store.instances.append(instance.id, past, events);
  const status = intake.suspended ? 'Suspended' : instance.status === 'Suspended' ? 'Running' : instance.status;
  return {
    instance: {
      ...instance,
      status,
      updatedAt: intake.at,
      progress: { ...instance.progress, at: intake.at, open: intake.open },
    },
    length: past + events.length,
  };
}

function writeRest(hub: Hub, outbox: Outbox, turn: Turn): void {
  const now = arrived(hub, turn);
  const { ending } = now.instance.progress;
  if (ending === undefined || !intakeEndsAll(turn.intake)) hub.store.instances.write(now.instance);
  else conclude(hub, outbox, now, ending);
}

function intakeEndsAll({ open }: Intake): boolean {
  return Object.keys(open).length === 0;
}

function writePlan(hub: Hub, outbox: Outbox, turn: Turn, { plan, state }: Decision & { kind: 'planned' }): void {
  const before = arrived(hub, turn);
  const { id } = before.instance;
  hub.store.instances.append(id, before.length, plan.events);
  const ending = endingOf(state);
  const instance: Instance = {
    ...before.instance,
    status: 'Running',
    customStatus: state.customStatus ?? before.instance.customStatus,
    progress: ending === undefined ? plan.progress : { ...plan.progress, ending },
  };
  const now = { instance, length: before.length + plan.events.length };
  follow(hub, outbox, instance, plan);
  if (plan.doubtful.length > 0) {
    hub.logger.warn({ evt: 'TaskPerhapsYieldedAgain', name: instance.name, instance: id, kinds: plan.doubtful });
  }
  if (ending === undefined || Object.keys(plan.progress.open).length > 0) hub.store.instances.write(instance);
  else conclude(hub, outbox, now, ending);
}

function endingOf({ done, error, actions, output }: Outcome & { kind: 'state' }): Ending | undefined {
  if (error !== undefined) return { kind: 'failed', reason: error };
  if (!done) return undefined;
  const again = actions.find((action) => action.kind === 'continueAsNew');
  return again === undefined ? { kind: 'completed', output } : { kind: 'continued', input: again.input };
}

/** Hands over what a plan asks of others. */
function follow({ store, uuid }: Hub, outbox: Outbox, instance: Instance, plan: Plan): void {
  const { id, execution, updatedAt: at } = instance;
  for (const activity of plan.activities) outbox.schedule({ instance: id, execution, ...activity });
  for (const timer of plan.timers) store.timers.add({ instance: id, execution, ...timer });
  for (const task of plan.canceled) store.timers.remove(id, task);
  for (const { to, message } of plan.sends) outbox.send(to, message);
  for (const { task, id: childId, name, version, input } of plan.children) {
    const parent = { instance: id, execution, task };
    const started = start(store, outbox, { id: childId, name, version, input, parent, execution: uuid(), at });
    if (started === undefined) continue;
    outbox.send(id, { kind: 'failed', by: 'child', execution, task, reason: started, details: '' });
  }
}

function conclude(hub: Hub, outbox: Outbox, now: Arrived, ending: Ending): void {
  switch (ending.kind) {
    case 'completed':
      return end(hub, outbox, now, { status: 'Completed', json: ending.output });
    case 'failed':
      return end(hub, outbox, now, { status: 'Failed', text: ending.reason });
    case 'continued':
      return begin(hub, outbox, now.instance, ending.input);
  }
}

// Events that nobody waited for go with the history: so does the framework where JavaScript continues as new.
function begin(hub: Hub, outbox: Outbox, instance: Instance, input: string): void {
  const { store } = hub;
  const execution = hub.uuid();
  releaseLocks(outbox, instance.progress);
  store.instances.clearHistory(instance.id);
  store.instances.write({ ...instance, execution, input, customStatus: undefined, progress: NO_PROGRESS });
  outbox.send(instance.id, { kind: 'start', execution });
}
