import { createAgent } from '../agent/agent.ts';
import type { ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { runCommand, type RunOptions } from './run.ts';

/** `mqttbridge run` with the real agent. */
export function runWithAgent(options: RunOptions, io: Io): Promise<ExitCode> {
  return runCommand(options, io, createAgent);
}
