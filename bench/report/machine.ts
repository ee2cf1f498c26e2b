import { spawnSync } from 'node:child_process';
import os from 'node:os';

/** Where and when a run was made. */
export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly mosquitto: string;
  /** RFC 3339, UTC. */
  readonly date: string;
}

/** Describes this machine; `node` is the version of the Node that runs the bridges. */
export function describeMachine(node: string, now: Date): Machine {
  return {
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    node,
    mosquitto: mosquittoVersion(),
    date: now.toISOString(),
  };
}

/** `mosquitto -h` names its version in the first line, and ends with code 3. */
function mosquittoVersion(): string {
  const { stdout } = spawnSync('mosquitto', ['-h'], { encoding: 'utf8' });
  return /version (\S+)/.exec(stdout ?? '')?.[1] ?? 'not found';
}
