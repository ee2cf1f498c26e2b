import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMicros, residentMiB } from '../meters/proc.ts';
import type { Desk } from '../processes/desk.ts';
import { freePorts } from '../processes/ports.ts';
import type { BenchCluster } from './cluster.ts';

/** The built program. */
export const PROGRAM = path.join(import.meta.dirname, '../../dist/bin/mqttbridge.cjs');
const CONFIG = path.join(import.meta.dirname, '../../infra/kubernetes/base/config.yaml');
const POLL_MS = 50;
/** Nothing was done for so long: it has come to rest. */
const REST_MS = 1_000;
const PATIENCE_MS = 300_000;

/** An operator process at rest. */
export interface RestingOperator {
  /** CPU seconds from its start until it had come to rest. */
  readonly cpuSeconds: number;
  /** Seconds from its start until its last write or look. */
  readonly seconds: number;
  /** Writes to the API server, its Lease aside. */
  readonly writes: number;
  /** CPU time so far, in seconds. */
  cpu(): number;
  /** Resident memory in MiB. */
  memory(): number;
  /** Writes so far. */
  writesNow(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts `mqttbridge operator` and waits until it has looked at so many connectors and come to rest. */
export async function runToRest({ pool }: Desk, cluster: BenchCluster, connectors: number): Promise<RestingOperator> {
  const [port = 0] = await freePorts(1);
  const began = performance.now();
  const where = ['--namespace', cluster.namespace, '--kubeconfig', cluster.kubeconfig, '--http', `127.0.0.1:${port}`];
  const running = pool.spawn(process.execPath, [PROGRAM, 'operator', '--config', CONFIG, ...where]);
  const figures = () => figuresOf(port);
  const cpu = () => cpuMicros(running.pid) / 1e6;
  let last = { at: began, passes: -1, writes: -1, cpu: 0 };
  for (;;) {
    const now = performance.now();
    if (running.child.exitCode !== null || now > began + PATIENCE_MS) {
      throw new Error(`the operator does not come to rest: ${running.lastWords()}`);
    }
    const { passes, writes, leading, queued } = await figures().catch(() => NONE);
    if (passes !== last.passes || writes !== last.writes || !leading || queued > 0) {
      last = { at: now, passes, writes, cpu: cpu() };
    } else if (passes >= connectors && now > last.at + REST_MS) break;
    await pause(POLL_MS);
  }
  return {
    cpuSeconds: last.cpu,
    seconds: (last.at - began) / 1000,
    writes: last.writes,
    cpu,
    memory: () => residentMiB(running.pid),
    writesNow: async () => (await figures()).writes,
    async stop() {
      const gone = new Promise((resolve) => running.child.once('exit', resolve));
      running.child.kill('SIGTERM');
      await gone;
    },
  };
}

const NONE = { passes: 0, writes: 0, leading: false, queued: 0 };

async function figuresOf(port: number): Promise<typeof NONE> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^mqttbridge_operator_${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  return {
    passes: sum('reconciles_total'),
    writes: sum('writes_total'),
    leading: sum('leader') === 1,
    queued: sum('queue_depth'),
  };
}
