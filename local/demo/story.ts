import { isDeepStrictEqual } from 'node:util';
import type { AgentSnapshot, FaultSnapshot } from '../../agent/observe/snapshot.ts';
import { ALL_INSTANCES, type Agents } from './agents.ts';
import type { Books } from './books.ts';
import type { ControlPlane } from './control-plane.ts';
import { remoteOf } from './lines.ts';
import type { Stage, StageOptions } from './stage.ts';

/** What a line of a story tells: what was done, what an operator sees of it, or how it got well. */
export type Line = 'DONE' | 'OPERATOR' | 'RECOVERS';

/** Everything a story plays with. */
export interface Scene {
  readonly stage: Stage;
  readonly controlPlane: ControlPlane;
  readonly agents: Agents;
  readonly books: Books;
  readonly say: (line: Line, text: string) => void;
  /** Resolves with what `look` finds; rejects when it has found nothing for a long time, or when the demo ends. */
  readonly until: <T>(what: string, look: () => Promise<T | undefined> | T | undefined) => Promise<T>;
  /** Gives whoever watches the time to read. */
  readonly pause: () => Promise<void>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** One fault, told line by line. */
export interface Story {
  readonly stage?: StageOptions;
  play(scene: Scene): Promise<void>;
}

/** Surroundings of a story. */
export interface SceneOptions extends Pick<Scene, 'stage' | 'controlPlane' | 'agents' | 'books' | 'now'> {
  /** Writes a line that stays. */
  readonly note: (line: string) => void;
  /** Aborted when the demo ends. */
  readonly signal: AbortSignal;
}

const LOOK_MS = 100;
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_500;

/** Makes the scene of a story. */
export function createScene({ note, signal, now, ...parts }: SceneOptions): Scene {
  return {
    ...parts,
    now,
    say: (line, text) => note(`${line.padEnd(8)}  ${text}`),
    async until(what, look) {
      const deadline = now() + PATIENCE_MS;
      for (;;) {
        const found = await look();
        if (found !== undefined) return found;
        if (now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1_000} s in vain: ${what}`);
        await wait(LOOK_MS, signal);
      }
    },
    pause: () => wait(PAUSE_MS, signal),
  };
}

/** Resolves when each instance runs its own slot, and every lane passes messages. */
export async function bothRun({ agents, until }: Scene): Promise<void> {
  await until('both instances run', async () => {
    const each = ALL_INSTANCES.map(async (instance) => runsSlots(await agents.status(instance), [instance]));
    return (await Promise.all(each)).every(Boolean) || undefined;
  });
}

/** True when an instance runs exactly these slots and every lane of them passes messages. */
export function runsSlots(status: AgentSnapshot | undefined, slots: readonly number[]): boolean {
  if (status?.instances === undefined) return false;
  const { instances, routes } = status;
  const same = isDeepStrictEqual(
    instances.slots.toSorted((a, b) => a - b),
    slots,
  );
  return same && routes.length > 0 && routes.every(({ lanes }) => lanes.ready === lanes.total);
}

/** What is wrong with an instance's session at the remote broker; undefined when nothing is, or it does not answer. */
export async function remoteFault(agents: Agents, instance: number): Promise<FaultSnapshot | undefined> {
  const status = await agents.status(instance);
  return status && remoteOf(status).find(({ fault }) => fault !== undefined)?.fault;
}

/** A fault as /status words it, and what mends it. */
export function wordsOf(instance: number, { reason, message, fix }: FaultSnapshot): string {
  const remedy = fix === undefined ? '' : `\n          try: ${fix}`;
  return `/status of instance ${instance}: ${reason}: ${message}${remedy}`;
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', over);
      resolve();
    }, ms);
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
  });
}
