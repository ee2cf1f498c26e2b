#!/usr/bin/env -S node --no-concurrent-recompilation --max-semi-space-size=1
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import type { ProcessUsage } from '../agent/observe/metric-table.ts';
import { describeError } from '../agent/observe/redact.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io, Output, StopSignal } from './io.ts';
import type { LoadAgent } from './agent-port.ts';
import { runCli } from './program.ts';

const io: Io = {
  program: { command: process.execPath, args: [...process.execArgv, process.argv[1] ?? ''] },
  nodeVersion: process.version,
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  env: {
    NO_COLOR: process.env['NO_COLOR'],
    NODE_TLS_REJECT_UNAUTHORIZED: process.env['NODE_TLS_REJECT_UNAUTHORIZED'],
    EXTENSION_ARMID: process.env['EXTENSION_ARMID'],
    AZURE_TENANT_ID: process.env['AZURE_TENANT_ID'],
    AZURE_CLIENT_ID: process.env['AZURE_CLIENT_ID'],
    AZURE_FEDERATED_TOKEN_FILE: process.env['AZURE_FEDERATED_TOKEN_FILE'],
    KUBERNETES_SERVICE_HOST: process.env['KUBERNETES_SERVICE_HOST'],
    KUBERNETES_SERVICE_PORT: process.env['KUBERNETES_SERVICE_PORT'],
    MQTTBRIDGE_SERVER: process.env['MQTTBRIDGE_SERVER'],
    MQTTBRIDGE_SITE: process.env['MQTTBRIDGE_SITE'],
    MQTTBRIDGE_KEY_FILE: process.env['MQTTBRIDGE_KEY_FILE'],
    MQTTBRIDGE_AUDIENCE: process.env['MQTTBRIDGE_AUDIENCE'],
  },
  // Called late: the first use of fetch loads it.
  fetch: (input, init) => fetch(input, init),
  setEnvironment,
  readStdin: () => text(process.stdin),
  onSignal,
  now: () => performance.now(),
  wallClock: () => new Date(),
  processUsage,
};

process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

const loadAgent: LoadAgent = async () => (await import('../agent/agent.ts')).createAgent;

runCli(process.argv.slice(2), io, loadAgent).then(exit, crash);

/** One JSON line without a stack: a defect must not print what a library had in its arguments. */
function crash(error: unknown): void {
  const details = describeError(error instanceof Error ? error : new Error(String(error)));
  const line = {
    level: 'error',
    time: new Date().toISOString(),
    evt: 'Crash',
    error: details,
    msg: 'unexpected error',
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
  exit(EXIT.runtime);
}

// Pipes take their time: without waiting for both, the end of a long output would be lost.
function exit(code: ExitCode): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

function outputOf(stream: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }): Output {
  // `mqttbridge schema | head` ends the reader first; there is nobody left to tell.
  stream.on('error', () => process.exit(EXIT.runtime));
  return {
    write: (chunk) => void stream.write(chunk),
    isTTY: stream.isTTY ?? false,
    get columns() {
      return stream.columns ?? 80;
    },
  };
}

function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    // An assignment of undefined would set the text "undefined".
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

function onSignal(handler: (signal: StopSignal) => void): () => void {
  const listeners = (['SIGINT', 'SIGTERM'] as const).map((signal) => ({ signal, listener: () => handler(signal) }));
  for (const { signal, listener } of listeners) process.on(signal, listener);
  return () => listeners.forEach(({ signal, listener }) => process.off(signal, listener));
}

async function processUsage(): Promise<ProcessUsage> {
  const { user, system } = process.cpuUsage();
  const asked = performance.now();
  const lag = await new Promise<number>((resolve) => setImmediate(() => resolve(performance.now() - asked)));
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
    startedAt: performance.timeOrigin / 1000,
    eventLoopLagSeconds: lag / 1000,
  };
}
