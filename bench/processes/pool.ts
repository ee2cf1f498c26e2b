import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { StringDecoder } from 'node:string_decoder';

/** A running child process of the bench. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The last lines it wrote to stderr or stdout, for error messages. */
  lastWords(): string;
}

/** Starts processes and ends every one of them by its own pid. */
export interface ProcessPool {
  /** `env` is added to the environment of the bench. */
  spawn(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** A Node process with an IPC channel. */
  fork(module: string): Running;
  /** Ends all, the latest first: a bridge may say goodbye to its brokers. */
  stopAll(): Promise<void>;
  /** Kills without waiting, for the way out. */
  killAll(): void;
}

const keptCharacters = 2000;
const graceMs = 3000;

export function createPool(node: string): ProcessPool {
  const alive = new Set<Running>();

  function track(child: ChildProcess): Running {
    let words = '';
    for (const stream of [child.stdout, child.stderr]) {
      const decoder = new StringDecoder('utf8');
      stream?.on('data', (chunk: Buffer) => {
        words = (words + decoder.write(chunk)).slice(-keptCharacters);
      });
    }
    child.on('error', (error) => {
      words += error.message;
    });
    const running: Running = { child, pid: child.pid ?? -1, lastWords: () => words.trim() };
    alive.add(running);
    child.once('exit', () => alive.delete(running));
    return running;
  }

  async function stop(running: Running): Promise<void> {
    const { child } = running;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  }

  return {
    spawn: (command, args, env = {}) =>
      track(spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })),
    fork: (module) => track(fork(module, [], { execPath: node, silent: true })),
    async stopAll() {
      for (const running of [...alive].toReversed()) await stop(running);
    },
    killAll() {
      for (const { child } of alive) child.kill('SIGKILL');
    },
  };
}
