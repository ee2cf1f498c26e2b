import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Child, startChild } from './child.ts';
import { eventually } from './eventually.ts';
import type { Scope } from './scope.ts';
import { createTempDir } from './temp-dir.ts';

/** How to run `mqttbridge control-plane run`. */
export interface ControlPlaneOptions {
  /** Folder of its data, a new one unless told. */
  readonly data?: string;
  /** Port, a free one unless told. */
  readonly port?: number;
  /** Another entry file than cli/main.ts, absolute. */
  readonly entry?: string;
  /** Added to an environment of PATH and HOME only. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** One `mqttbridge control-plane run` process that serves. */
export interface ControlPlaneProcess extends Child {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly data: string;
  readonly adminKeyFile: string;
  readonly adminKey: string;
}

const ROOT = resolve(import.meta.dirname, '../..');

/** Starts a control plane as a process of its own and waits until it serves; it is killed with the scope. */
export async function startControlPlane(scope: Scope, options: ControlPlaneOptions = {}): Promise<ControlPlaneProcess> {
  const { port = 0, entry = 'cli/main.ts', env, args = [] } = options;
  const data = options.data ?? (await createTempDir(scope, 'control-plane'));
  const readyFile = join(await createTempDir(scope, 'ready'), 'ready.json');
  const flags = ['--http', `127.0.0.1:${port}`, '--data', data, '--once-ready', readyFile, ...args];
  const { PATH = '', HOME = '' } = process.env;
  const child = await startChild(process.execPath, [resolve(ROOT, entry), 'control-plane', 'run', ...flags], {
    cwd: await createTempDir(scope, 'elsewhere'),
    env: { PATH, HOME, ...env },
  });
  scope.onTestFinished(async () => {
    await child.end('SIGKILL');
  });
  const output = () => child.stdout() + child.stderr();
  const ready = await eventually(async () => (child.running() ? readReady(readyFile) : 'ended'), {
    deadlineMs: 15_000,
    describe: output,
  });
  if (ready === 'ended') throw new Error(`the control plane ended before it served:\n${output()}`);
  const { http, adminKeyFile } = ready;
  const adminKey = (await readFile(adminKeyFile, 'utf8')).trim();
  return { ...child, url: `http://${http}`, data, adminKeyFile, adminKey };
}

interface Ready {
  readonly http: string;
  readonly adminKeyFile: string;
}

async function readReady(file: string): Promise<Ready | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Ready;
  } catch {
    return undefined;
  }
}
