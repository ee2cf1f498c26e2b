import { runActivity } from './activities.ts';
import { runEntity } from './entities.ts';
import type { Hub } from './hub.ts';
import { createLane } from './lane.ts';
import { runTurn } from './orchestrations.ts';

/** Runs what has something to do. */
export interface Crew {
  /** An orchestration or entity has a message. */
  wake(recipient: string): void;
  /** An activity is to run. */
  perform(seq: number): void;
  /** Starts nothing more; resolves when what runs has ended. */
  dismiss(): Promise<void>;
  /** Resolves when nothing runs or waits to run. */
  quiet(): Promise<void>;
}

/** How many activities run at once, at most; and what is told when something cannot be written down. */
export interface CrewOptions {
  readonly concurrentActivities: number;
  readonly breakDown: (error: unknown) => void;
}

const CONCURRENT_ENTITIES = 4;

/** Makes the crew of a task hub. */
export function createCrew(hub: Hub, { concurrentActivities, breakDown }: CrewOptions): Crew {
  const waiters = new Set<() => void>();
  const lane = <K extends string | number>(limit: number, run: (hub: Hub, key: K) => Promise<void>) =>
    createLane<K>({ limit, run: (key) => run(hub, key).catch(breakDown), onIdle });
  // Orchestrators only think, so there is nothing to gain from two at once.
  const orchestrations = lane<string>(1, runTurn);
  const entities = lane<string>(CONCURRENT_ENTITIES, runEntity);
  const activities = lane<number>(concurrentActivities, runActivity);
  const lanes = [orchestrations, entities, activities];

  function isQuiet(): boolean {
    return lanes.every(({ idle }) => idle);
  }

  function onIdle(): void {
    if (!isQuiet()) return;
    for (const waiter of waiters) waiter();
    waiters.clear();
  }

  async function quiet(): Promise<void> {
    if (!isQuiet()) await new Promise<void>((resolve) => waiters.add(resolve));
  }

  return {
    wake: (recipient) => (recipient.startsWith('@') ? entities : orchestrations).add(recipient),
    perform: (seq) => activities.add(seq),
    dismiss() {
      for (const each of lanes) each.close();
      onIdle();
      return quiet();
    },
    quiet,
  };
}
