import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectorHealth } from '../../shared/api/health.ts';
import { CONNECTOR } from './resources.ts';
import { endProgram, type Program, type ProgramProcess, runProgram, startProgram } from './program.ts';

/** The site that the demo is. */
export const SITE = 'demo';
/** Seconds between two reports of an agent: a demo is not the place to wait. */
const REPORT_INTERVAL_S = 1;
/** Seconds that a better state must last before it is believed. */
const RECOVER_AFTER_S = 3;
const PREFERRED_PORT = 7071;
const START_MS = 30_000;
const LOOK_MS = 20;
const ANSWER_MS = 2_000;

/** The control plane of the demo: a process of its own, on the local functions host. */
export interface ControlPlane {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly adminKeyFile: string;
  /** Key with which agents report, and can do nothing else. */
  readonly agentKeyFile: string;
  /** Runs `mqttbridge apply -f PATH` against it; resolves with what it prints. */
  apply(path: string): Promise<string>;
  /** What it thinks of the connector; undefined when it does not answer. */
  health(): Promise<ConnectorHealth | undefined>;
  /** Resolves with its last lines when it ended by itself. */
  readonly failed: Promise<string>;
  stop(deadlineMs: number): Promise<void>;
}

/** How a control plane is started. */
export interface ControlPlaneOptions {
  readonly program: Program;
  /** Below it everything is kept. */
  readonly folder: string;
}

/** Starts a control plane and makes a key for agents; rejects with its last lines when it does not come up. */
export async function startControlPlane({ program, folder }: ControlPlaneOptions): Promise<ControlPlane> {
  const data = join(folder, 'control-plane');
  await mkdir(data, { recursive: true, mode: 0o700 });
  const { process, url } = await startAnywhere(program, folder, data);
  try {
    const adminKeyFile = join(data, 'admin.key');
    const key = (await readFile(adminKeyFile, 'utf8')).trim();
    const agentKeyFile = await grantAgents(url, key, folder);
    const target = ['--server', url, '--site', SITE, '--key-file', adminKeyFile];
    return {
      url,
      adminKeyFile,
      agentKeyFile,
      apply: (path) => runProgram(program, ['apply', '-f', path, ...target], {}),
      health: () => fetchHealth(url, key),
      failed: failureOf(process),
      stop: (deadlineMs) => endProgram(process, deadlineMs),
    };
  } catch (error) {
    await endProgram(process, 0);
    throw error;
  }
}

/** At the usual port, or at a free one where somebody else has that. */
async function startAnywhere(program: Program, folder: string, data: string) {
  const readyFile = join(data, 'ready.json');
  const start = async (port: number) => {
    const process = startProgram(program, {
      args: argumentsOf(data, port, readyFile),
      env: { MQTTBRIDGE_RECOVER_AFTER_SECONDS: String(RECOVER_AFTER_S) },
      logFile: join(folder, 'control-plane.log'),
      onLine: () => undefined,
    });
    try {
      return { process, url: await addressIn(readyFile, process) };
    } catch (error) {
      await endProgram(process, 0);
      throw error;
    }
  };
  return start(PREFERRED_PORT).catch(() => start(0));
}

async function failureOf(process: ProgramProcess): Promise<string> {
  await process.gone;
  if (process.expected) return new Promise<never>(() => undefined);
  return ['the control plane ended by itself:', ...process.lastLines].join('\n');
}

function argumentsOf(data: string, port: number, readyFile: string): string[] {
  const where = ['--http', `127.0.0.1:${port}`, '--data', data, '--once-ready', readyFile];
  return ['control-plane', 'run', '--until-eof', ...where, '--report-interval', String(REPORT_INTERVAL_S)];
}

async function addressIn(file: string, { process, lastLines }: ProgramProcess): Promise<string> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && process.exitCode === null) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text !== '') return `http://${(JSON.parse(text) as { http: string }).http}`;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error(['the control plane did not start:', ...lastLines].join('\n'));
}

async function grantAgents(url: string, adminKey: string, folder: string): Promise<string> {
  const response = await fetch(`${url}/api/sites/${SITE}/grants`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ role: 'Bridge.Agent', connector: CONNECTOR }),
  });
  const { key } = (await response.json()) as { key?: string };
  if (key === undefined) throw new Error(`the control plane made no key for agents: HTTP ${response.status}`);
  const file = join(folder, 'agent.key');
  await writeFile(file, `${key}\n`, { mode: 0o600 });
  return file;
}

async function fetchHealth(url: string, key: string): Promise<ConnectorHealth | undefined> {
  try {
    const response = await fetch(`${url}/api/sites/${SITE}/connectors/${CONNECTOR}/health`, {
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return response.ok ? ((await response.json()) as ConnectorHealth) : undefined;
  } catch {
    return undefined;
  }
}
