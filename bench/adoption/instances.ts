import fs from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { commandOf, resources } from '../contenders/ours.ts';
import type { Lab } from '../contenders/contender.ts';
import type { Running } from '../processes/pool.ts';
import { freePorts } from '../processes/ports.ts';

/** One of our processes among several. */
export interface Instance {
  readonly running: Running;
  /** Resolves when it runs exactly these slots, and all of their routes are subscribed. */
  runs(slots: readonly number[]): Promise<void>;
}

/** What the instances share. */
export interface Shared {
  readonly sourcePort: number;
  readonly targetPort: number;
  readonly topics: readonly string[];
  readonly slots: number;
}

const pollMs = 20;
const deadlineMs = 60_000;

/** Writes the configuration once; the function it returns starts the process of one number. */
export function prepareInstances(lab: Lab, shared: Shared): (instance: number) => Promise<Instance> {
  const folder = fs.mkdtempSync(path.join(lab.folder, 'instances-'));
  const task = { ...shared, shape: { version: 5, qos: 1, payloadBytes: 16, userProperties: 0 }, window: 100 } as const;
  const documents = resources({ ...task, nodelay: true }, { bridgeInstances: shared.slots });
  fs.writeFileSync(path.join(folder, 'bridge.yaml'), documents.map((document) => stringify(document)).join('---\n'));
  return async (instance) => {
    const [port = 0] = await freePorts(1);
    const args = ['run', '-f', folder, '--http', `127.0.0.1:${port}`, '--instance', String(instance)];
    const running = lab.pool.spawn(lab.node, [...commandOf(lab), ...args]);
    return { running, runs: (slots) => untilRunning(running, port, slots) };
  };
}

async function untilRunning(running: Running, port: number, slots: readonly number[]): Promise<void> {
  const giveUp = performance.now() + deadlineMs;
  while ((await slotsAt(port)) !== slots.join()) {
    if (performance.now() > giveUp) throw new Error(`slots ${slots.join()} were not run: ${running.lastWords()}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** What is read of /status. */
interface Status {
  readonly instances?: { readonly slots: readonly number[] };
  readonly routes: readonly { readonly lanes: { readonly total: number; readonly ready: number } }[];
}

/** Undefined while the process does not answer, or a route is not ready. */
async function slotsAt(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/status`);
    const { instances, routes } = (await response.json()) as Status;
    if (routes.some(({ lanes }) => lanes.ready < lanes.total)) return undefined;
    // A slot is taken before its routes are there.
    if (routes.length < (instances?.slots.length ?? 0)) return undefined;
    return instances?.slots.toSorted((a, b) => a - b).join();
  } catch {
    return undefined;
  }
}
