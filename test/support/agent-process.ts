import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { AgentSnapshot } from '../../agent/observe/snapshot.ts';
import { type Child, type Exit, startChild } from './child.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { parseMetrics, type Sample } from './metrics-text.ts';
import type { Scope } from './scope.ts';
import { createTempDir } from './temp-dir.ts';

/** How to run `mqttbridge run`. */
export interface AgentOptions {
  /** File or folder given to `-f`; without it `args` must say where the configuration comes from. */
  readonly config?: string;
  readonly secretsDir?: string;
  readonly configMapsDir?: string;
  readonly instance?: number;
  /** Port of the HTTP listener, a free one unless told. */
  readonly httpPort?: number;
  /** Added to an environment of PATH and HOME only. */
  readonly env?: Readonly<Record<string, string>>;
  /** More arguments. */
  readonly args?: readonly string[];
  /** Another entry file than cli/main.ts, relative to the repository or absolute. */
  readonly entry?: string;
}

/** One `mqttbridge run` process. */
export interface AgentProcess {
  readonly pid: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Waits until all routes are ready; rejects with the output if the process ends before. */
  readonly ready: (deadlineMs?: number) => Promise<void>;
  /** Resolves when the process has ended. */
  readonly exit: Promise<Exit>;
  readonly running: () => boolean;
  readonly kill9: () => Promise<Exit>;
  /** Sends SIGTERM and resolves with the exit. */
  readonly term: () => Promise<Exit>;
  /** Freezes the process (SIGSTOP). */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Everything written to standard output and error. */
  readonly output: () => string;
  /** The JSON lines among the output. */
  readonly logs: () => readonly Readonly<Record<string, unknown>>[];
  readonly status: () => Promise<AgentSnapshot>;
  readonly metrics: () => Promise<readonly Sample[]>;
  /** GETs a path such as `/readyz?verbose`. */
  readonly get: (path: string) => Promise<{ status: number; body: string }>;
}

const ROOT = resolve(import.meta.dirname, '../..');

/** Starts an agent as a process of its own, without waiting until it is ready; it is killed with the scope. */
export async function startAgent(scope: Scope, options: AgentOptions): Promise<AgentProcess> {
  const readyFile = join(await createTempDir(scope, 'agent'), 'ready.json');
  const port = options.httpPort ?? (await freePort());
  const { env, entry = 'cli/main.ts' } = options;
  const { PATH = '', HOME = '' } = process.env;
  const command = [resolve(ROOT, entry), ...runArguments(options, port, readyFile)];
  const child = await startChild(process.execPath, command, { cwd: ROOT, env: { PATH, HOME, ...env } });
  scope.onTestFinished(async () => {
    await child.end('SIGKILL');
  });
  return createProcess(child, `http://127.0.0.1:${port}`, readyFile);
}

function runArguments(options: AgentOptions, port: number, readyFile: string): string[] {
  const { config, secretsDir, configMapsDir, instance, args = [] } = options;
  return [
    'run',
    ...(config === undefined ? [] : ['-f', config]),
    '--http',
    `127.0.0.1:${port}`,
    '--once-ready',
    readyFile,
    ...(secretsDir ? ['--secrets-dir', secretsDir] : []),
    ...(configMapsDir ? ['--configmaps-dir', configMapsDir] : []),
    ...(instance === undefined ? [] : ['--instance', String(instance)]),
    ...args,
  ];
}

function createProcess(child: Child, url: string, readyFile: string): AgentProcess {
  const output = () => child.stdout() + child.stderr();
  const get = async (path: string) => {
    const response = await fetch(url + path);
    return { status: response.status, body: await response.text() };
  };
  return {
    pid: child.pid,
    url,
    exit: child.exit,
    running: child.running,
    async ready(deadlineMs = 15_000) {
      const state = async () => ((await hasJson(readyFile)) ? 'ready' : child.running() ? undefined : 'ended');
      const reached = await eventually(state, { deadlineMs, describe: output });
      if (reached === 'ended') throw new Error(`agent ended before it was ready:\n${output()}`);
    },
    kill9: () => child.end('SIGKILL'),
    term: () => child.end('SIGTERM'),
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    output,
    logs: () => output().split('\n').flatMap(parseLine),
    status: async () => JSON.parse((await get('/status')).body) as AgentSnapshot,
    metrics: async () => parseMetrics((await get('/metrics')).body),
    get,
  };
}

async function hasJson(path: string): Promise<boolean> {
  try {
    JSON.parse(await readFile(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

function parseLine(line: string): Record<string, unknown>[] {
  if (!line.startsWith('{')) return [];
  try {
    return [JSON.parse(line) as Record<string, unknown>];
  } catch {
    return [];
  }
}
