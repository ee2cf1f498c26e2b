import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMicros, residentMiB } from '../meters/proc.ts';
import type { ProcessPool, Running } from '../processes/pool.ts';

/** The built program. */
export const PROGRAM = path.join(import.meta.dirname, '../../dist/bin/mqttbridge.cjs');
const START_MS = 20_000;

/** A control plane as users start it, with what its process costs. */
export interface Plane {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Key of its administrator. */
  readonly key: string;
  /** From the start of the process to the first answer, in milliseconds. */
  readonly startMs: number;
  /** CPU time so far, in microseconds. */
  cpu(): number;
  /** Resident memory in MiB. */
  memory(): number;
  stop(): Promise<void>;
}

/** How a control plane is started. */
export interface PlaneSettings {
  /** More arguments. */
  readonly arguments?: readonly string[];
  /** Seconds that a better state must last; the default of the app unless told. */
  readonly recoverAfter?: number;
}

/** Starts `mqttbridge control-plane run` of the built program on a data folder; resolves when it answers. */
export async function startPlane(pool: ProcessPool, data: string, settings: PlaneSettings = {}): Promise<Plane> {
  fs.mkdirSync(data, { recursive: true });
  const ready = path.join(data, 'ready.json');
  fs.rmSync(ready, { force: true });
  const began = performance.now();
  const args = [PROGRAM, 'control-plane', 'run', '--http', '127.0.0.1:0', '--data', data, '--once-ready', ready];
  const { arguments: more = [], recoverAfter } = settings;
  const running = pool.spawn(process.execPath, [...args, ...more], {
    MQTTBRIDGE_REQUESTS_PER_SECOND: '100000',
    ...(recoverAfter === undefined ? {} : { MQTTBRIDGE_RECOVER_AFTER_SECONDS: String(recoverAfter) }),
  });
  const url = await addressOf(running, ready);
  await fetch(`${url}/api/live`);
  const startMs = performance.now() - began;
  return {
    url,
    key: fs.readFileSync(path.join(data, 'admin.key'), 'utf8').trim(),
    startMs,
    cpu: () => cpuMicros(running.pid),
    memory: () => residentMiB(running.pid),
    async stop() {
      const gone = new Promise((resolve) => running.child.once('exit', resolve));
      running.child.kill('SIGTERM');
      await gone;
    },
  };
}

async function addressOf(running: Running, file: string): Promise<string> {
  const until = performance.now() + START_MS;
  while (performance.now() < until) {
    if (running.child.exitCode !== null) break;
    if (fs.existsSync(file)) return `http://${(JSON.parse(fs.readFileSync(file, 'utf8')) as { http: string }).http}`;
    await pause(2);
  }
  throw new Error(`the control plane did not start: ${running.lastWords()}`);
}
