import type { AgentSnapshot } from '../../agent/observe/snapshot.ts';
import type { AgentProcess } from './agent-process.ts';
import type { BridgeProcesses } from './bridge-harness.ts';
import { eventually } from './eventually.ts';
import { lanesOf } from './instances.ts';

/** Processes of one connector, by the number each was started with. */
export interface Fleet {
  /** Starts the process of that number, in place of one that has ended; resolves when it runs. */
  readonly start: (instance: number) => Promise<AgentProcess>;
  /** The last process started with that number. */
  readonly agent: (instance: number) => AgentProcess;
  /** Waits until the instances named run exactly these slots, which are all there are, and all lanes pass messages. */
  readonly runs: (slots: Readonly<Record<number, readonly number[]>>, deadlineMs?: number) => Promise<void>;
}

/**
 * A fleet without processes yet.
 * @param lanes how many its routes make in all slots.
 */
export function createFleet({ start }: Pick<BridgeProcesses, 'start'>, lanes: number): Fleet {
  const agents = new Map<number, AgentProcess>();
  const agent = (instance: number) => {
    const found = agents.get(instance);
    if (!found) throw new Error(`instance ${instance} was never started`);
    return found;
  };
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
        const statuses = await Promise.all(wanted.map(([instance]) => agent(Number(instance)).status()));
        const placed = statuses.every((status, index) => slotsOf(status) === wanted[index]?.[1].join());
        const total = statuses.reduce((sum, status) => sum + lanesOf(status), 0);
        return placed && total === lanes && statuses.every(isAtWork);
      };
      const describe = () =>
        wanted.map(([instance]) => `instance ${instance}:\n${agent(Number(instance)).output()}`).join('\n');
      await eventually(all, { deadlineMs, describe });
    },
  };
}

function slotsOf({ instances }: AgentSnapshot): string {
  return instances?.slots.toSorted((a, b) => a - b).join() ?? '';
}

function isAtWork({ routes }: AgentSnapshot): boolean {
  return routes.every(({ lanes }) => lanes.ready === lanes.total);
}
