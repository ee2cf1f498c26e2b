import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { AgentSnapshot } from '../../agent/observe/snapshot.ts';
import { INSTANCES } from './resources.ts';
import type { Stage } from './stage.ts';

/** How to start the program that the demo is part of. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** What agents are started with. */
export interface AgentsOptions {
  readonly program: Program;
  readonly stage: Pick<Stage, 'folder' | 'configmapsDir' | 'secretsDir' | 'identity'>;
  /** HOST:PORT of the probes, by instance. */
  readonly http: readonly string[];
  /** Hears where the probes of an agent are, once they are there: `http://HOST:PORT`. */
  readonly onProbes: (instance: number, url: string) => void;
}

/** The processes that are the bridge. */
export interface Agents {
  start(instance: number): void;
  /** Kills with SIGKILL; resolves when the process is gone. */
  kill(instance: number): Promise<void>;
  /** What an agent says of itself; undefined when it does not answer. */
  status(instance: number): Promise<AgentSnapshot | undefined>;
  running(instance: number): boolean;
  /** Resolves with its last lines when an agent ended by itself. */
  readonly failed: Promise<string>;
  /** Tells all to stop and kills those that have not after `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
}

interface Running {
  readonly process: ChildProcess;
  readonly gone: Promise<void>;
  /** `http://HOST:PORT`, once its log has said so. */
  url: string | undefined;
  /** The demo ends it. */
  expected: boolean;
  readonly lastLines: string[];
}

/** As the identity sidecar of the Azure Arc extension would name it. */
const EXTENSION =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/demo/providers/Microsoft.KubernetesConfiguration/extensions/mqttbridge';
const LAST_LINES = 5;
const STATUS_TIMEOUT_MS = 2_000;

/** Starts nothing yet. */
export function createAgents(options: AgentsOptions): Agents {
  const all = new Map<number, Running>();
  const failed = Promise.withResolvers<string>();
  const running = (instance: number): boolean => alive(all.get(instance)?.process);

  return {
    start(instance) {
      if (running(instance)) return;
      const agent = startProcess(instance, options);
      all.set(instance, agent);
      agent.process.once('close', () => {
        if (!agent.expected) failed.resolve([`instance ${instance} ended by itself:`, ...agent.lastLines].join('\n'));
      });
    },
    async kill(instance) {
      const agent = all.get(instance);
      if (agent === undefined) return;
      agent.expected = true;
      agent.process.kill('SIGKILL');
      await agent.gone;
    },
    async status(instance) {
      const url = all.get(instance)?.url;
      return url === undefined || !running(instance) ? undefined : fetchStatus(url);
    },
    running,
    failed: failed.promise,
    async stop(deadlineMs) {
      const ends = [...all.values()].map(async (agent) => {
        agent.expected = true;
        agent.process.kill('SIGTERM');
        const late = setTimeout(() => agent.process.kill('SIGKILL'), deadlineMs);
        await agent.gone;
        clearTimeout(late);
      });
      await Promise.all(ends);
    },
  };
}

function startProcess(instance: number, { program, stage, http, onProbes }: AgentsOptions): Running {
  const child = spawn(program.command, [...program.args, ...argumentsOf(instance, stage, http)], {
    // Nothing else: what the user's environment says about Azure is not for the demo.
    env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: stage.identity.url },
    stdio: ['pipe', 'ignore', 'pipe'],
    // Ctrl-C in a terminal goes to the whole group of the demo, which ends its agents itself.
    detached: true,
  });
  const log = createWriteStream(join(stage.folder, `agent-${instance}.log`), { flags: 'a' });
  const gone = new Promise<void>((resolve) => {
    // It comes after a failed start too.
    child.once('close', () => log.end(resolve));
  });
  const agent: Running = { process: child, gone, url: undefined, expected: false, lastLines: [] };
  child.on('error', ({ message }) => agent.lastLines.push(message));
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.write(`${line}\n`);
    agent.lastLines.push(line);
    if (agent.lastLines.length > LAST_LINES) agent.lastLines.shift();
    const address = agent.url === undefined ? probesIn(line) : undefined;
    if (address === undefined) return;
    agent.url = `http://${address}`;
    onProbes(instance, agent.url);
  });
  return agent;
}

function argumentsOf(instance: number, stage: AgentsOptions['stage'], http: readonly string[]): string[] {
  return [
    'run',
    '--until-eof',
    '-f',
    stage.folder,
    '--instance',
    String(instance),
    '--http',
    http[instance] ?? '127.0.0.1:0',
    '--configmaps-dir',
    stage.configmapsDir,
    '--secrets-dir',
    stage.secretsDir,
    '--extension-resource-id',
    EXTENSION,
  ];
}

function alive(child: ChildProcess | undefined): boolean {
  return child !== undefined && child.exitCode === null && child.signalCode === null;
}

function probesIn(line: string): string | undefined {
  return /"evt":"ProbesListening".*"http":"([^"]+)"/.exec(line)?.[1];
}

async function fetchStatus(url: string): Promise<AgentSnapshot | undefined> {
  try {
    const response = await fetch(`${url}/status`, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
    return (await response.json()) as AgentSnapshot;
  } catch {
    // Killed, stopping or overloaded: all of these look like silence from outside.
    return undefined;
  }
}

/** The instances of the demo's connector. */
export const ALL_INSTANCES: readonly number[] = Array.from({ length: INSTANCES }, (_, instance) => instance);
