import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a process ended: `code` is null when a signal ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process whose output is kept and which never outlives this process. */
export interface Child {
  readonly pid: number;
  /** Resolves when the process has ended and its output was read to the end. */
  readonly exit: Promise<Exit>;
  readonly running: () => boolean;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends a signal and resolves when the process has ended. */
  readonly end: (signal: NodeJS.Signals) => Promise<Exit>;
  readonly signal: (signal: NodeJS.Signals) => void;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a process with its input closed; rejects if it cannot be started. */
export async function startChild(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<Child> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<Exit>((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  await once(child, 'spawn');
  alive.add(child);
  const exit = ended.finally(() => alive.delete(child));
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  return {
    pid: child.pid ?? 0,
    exit,
    running: () => child.exitCode === null && child.signalCode === null,
    stdout,
    stderr,
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      child.kill(signal);
      // A stopped process takes any signal but SIGKILL only once it goes on.
      if (signal !== 'SIGKILL') child.kill('SIGCONT');
      return exit;
    },
  };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: string[] = [];
  stream?.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
  return () => chunks.join('');
}
