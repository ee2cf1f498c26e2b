import type { Logger } from '../../../agent/observe/logger.ts';
import type { DurableEngine, FunctionRunner, HostClock } from '../ports.ts';
import { messageOf } from './actions.ts';
import { createAlarm } from './alarm.ts';
import { type Crew, createCrew } from './crew.ts';
import { createCatalog, type Hub, type News, transact } from './hub.ts';
import { bindingText } from './management/addresses.ts';
import { problem } from './management/answers.ts';
import { createManagement } from './management/manage.ts';
import { type DurableStore, openDurableStore } from './store/store.ts';

/** What an engine works with. */
export interface DurableEngineOptions {
  readonly runner: FunctionRunner;
  readonly clock: HostClock;
  /** Where history is kept: a path, or `:memory:`. */
  readonly file: string;
  readonly hubName: string;
  readonly uuid: () => string;
  readonly logger: Logger;
  /** Activities that run at once, at most. */
  readonly concurrentActivities?: number;
  /** Told when what is under way could not be written down, so that nothing goes on. */
  readonly onBroken?: (because: Error) => void;
  /** Opens the store; a test hands in one that breaks. */
  readonly openStore?: (file: string) => DurableStore;
}

/** An engine that also says when it has nothing to do: for clocks that run ahead. */
export interface ObservableEngine extends DurableEngine {
  /** Resolves when nothing runs and nothing waits but timers; rejects when the engine has broken down. */
  settled(): Promise<void>;
}

/** Where the engine is in its life. */
type Phase = { readonly kind: 'made' | 'running' | 'stopped' } | { readonly kind: 'broken'; readonly because: Error };

const CONCURRENT_ACTIVITIES = 16;
const NOT_RUNNING = problem(503, 'The durable engine is not running.');

/** Makes the engine of a task hub; throws when its file cannot be opened. */
export function createDurableEngine(options: DurableEngineOptions): ObservableEngine {
  const { runner, clock, uuid, logger, concurrentActivities = CONCURRENT_ACTIVITIES, onBroken } = options;
  const store = (options.openStore ?? openDurableStore)(options.file);
  const hub: Hub = { store, runner, clock, uuid, logger, functions: createCatalog(runner), change, wake };
  const crew = createCrew(hub, { concurrentActivities, breakDown });
  const alarm = createAlarm(hub, breakDown);
  const management = createManagement(hub);
  let phase: Phase = { kind: 'made' };

  function change<T>(work: Parameters<typeof transact<T>>[1]): T {
    const { value, news } = transact(store, work);
    if (phase.kind === 'running') announce(news);
    return value;
  }

  function wake(recipient: string): void {
    if (phase.kind === 'running') crew.wake(recipient);
  }

  function announce({ recipients, activities, ended }: News): void {
    for (const recipient of recipients) crew.wake(recipient);
    for (const seq of activities) crew.perform(seq);
    for (const instance of ended) management.ended(instance);
    alarm.arm();
  }

  // What cannot be written down must not be done either: only the last commit counts when the host starts again.
  function breakDown(error: unknown): void {
    if (phase.kind === 'broken' || phase.kind === 'stopped') return;
    phase = { kind: 'broken', because: new Error('the durable engine broke down', { cause: error }) };
    logger.error({ evt: 'DurableEngineBroken', reason: messageOf(error) });
    alarm.cancel();
    void crew.dismiss();
    onBroken?.(phase.because);
  }

  return {
    start() {
      phase = { kind: 'running' };
      resume(store, crew);
      alarm.arm();
    },
    async stop() {
      if (phase.kind === 'stopped') return;
      phase = { kind: 'stopped' };
      alarm.cancel();
      await crew.dismiss();
      management.stop();
      store.close();
    },
    async manage(request, address) {
      if (phase.kind === 'broken' || phase.kind === 'stopped') return NOT_RUNNING;
      try {
        return await management.manage(request, address);
      } catch (error) {
        breakDown(error);
        return NOT_RUNNING;
      }
    },
    clientBinding: (address) => bindingText(options.hubName, address),
    async settled() {
      await crew.quiet();
      if (phase.kind === 'broken') throw phase.because;
    },
  };
}

/** Takes up what the history says was under way. */
function resume({ inbox, activities }: DurableStore, crew: Crew): void {
  for (const recipient of inbox.recipients()) crew.wake(recipient);
  for (const seq of activities.seqs()) crew.perform(seq);
}
