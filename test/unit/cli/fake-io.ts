import type { Environment, Io, StopSignal } from '../../../cli/io.ts';

/** An `Io` that keeps what was written and sends signals on demand. */
export interface FakeIo extends Io {
  /** Everything written to standard output. */
  out(): string;
  /** Everything written to standard error. */
  err(): string;
  signal(signal: StopSignal): void;
  /** What `setEnvironment` has set. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface FakeIoOptions {
  readonly stdin?: string;
  readonly env?: Environment;
  readonly isTTY?: boolean;
  readonly wallClock?: () => Date;
  readonly fetch?: typeof fetch;
}

/** A process's surroundings without a process. */
export function fakeIo({
  stdin = '',
  env = {},
  isTTY = false,
  wallClock = () => new Date(),
  fetch = globalThis.fetch,
}: FakeIoOptions = {}): FakeIo {
  const written = { out: '', err: '' };
  const environment: Record<string, string | undefined> = {};
  const handlers = new Set<(signal: StopSignal) => void>();
  const outputOf = (name: 'out' | 'err') => ({
    write: (text: string) => {
      written[name] += text;
    },
    isTTY,
    columns: 100,
  });
  return {
    program: { command: process.execPath, args: [] },
    nodeVersion: 'v24.0.0',
    stdout: outputOf('out'),
    stderr: outputOf('err'),
    env,
    fetch,
    setEnvironment: (variables) => void Object.assign(environment, variables),
    readStdin: async () => stdin,
    onSignal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    now: () => performance.now(),
    wallClock,
    processUsage: async () => ({ cpuSeconds: 1, residentBytes: 1, startedAt: 1, eventLoopLagSeconds: 0 }),
    environment,
    out: () => written.out,
    err: () => written.err,
    signal: (signal) => handlers.forEach((handler) => handler(signal)),
  };
}
