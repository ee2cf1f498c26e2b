import type { AgentSnapshot } from '../../agent/observe/snapshot.ts';
import type { AgentProcess } from './agent-process.ts';
import type { BridgeProcesses } from './bridge-harness.ts';
import { eventually } from './eventually.ts';

/** Processes of one connector, by the number each was started with. */
export interface Fleet {
  /** Starts the process of that number, in place of one that has ended; resolves when it runs. */
  readonly start: (instance: number) => Promise<AgentProcess>;
  /** The last process started with that number. */
  readonly agent: (instance: number) => AgentProcess;
  /** Waits until every instance named runs exactly these slots, and all of its lanes pass messages. */
  readonly runs: (slots: Readonly<Record<number, readonly number[]>>, deadlineMs?: number) => Promise<void>;
}

/** A fleet without processes yet. */
export function createFleet({ start }: Pick<BridgeProcesses, 'start'>): Fleet {
  const agents = new Map<number, AgentProcess>();
  const agent = (instance: number) => {
    const found = agents.get(instance);
    if (!found) throw new Error(`instance ${instance} was never started`);
    return found;
  };
  const at = async (instance: number, slots: readonly number[]) =>
    isAtWork(await agent(instance).status()) && (await slotsOf(agent(instance))).join() === slots.join();
  return {
    agent,
    async start(instance) {
      const started = await start(instance);
      agents.set(instance, started);
      return started;
    },
    async runs(slots, deadlineMs = 30_000) {
      const wanted = Object.entries(slots);
      const all = async () => {
        const states = await Promise.all(wanted.map(([instance, own]) => at(Number(instance), own)));
        return states.every(Boolean);
      };
      const describe = () =>
        wanted.map(([instance]) => `instance ${instance}:\n${agent(Number(instance)).output()}`).join('\n');
      await eventually(all, { deadlineMs, describe });
    },
  };
}

/** The slots an instance says it runs, in order. */
export async function slotsOf(agent: AgentProcess): Promise<readonly number[]> {
  const { instances } = await agent.status();
  return instances?.slots.toSorted((a, b) => a - b) ?? [];
}

function isAtWork({ routes }: AgentSnapshot): boolean {
  return routes.every(({ lanes }) => lanes.ready === lanes.total);
}
