import { join } from 'node:path';
import type { AgentSnapshot } from '../../agent/observe/snapshot.ts';
import { type ControlPlane, SITE } from './control-plane.ts';
import { endProgram, type Program, type ProgramProcess, startProgram } from './program.ts';
import { CONNECTOR, INSTANCES } from './resources.ts';
import type { Stage } from './stage.ts';

/** What agents are started with. */
export interface AgentsOptions {
  readonly program: Program;
  readonly stage: Pick<Stage, 'folder' | 'configmapsDir' | 'secretsDir' | 'identity'>;
  /** Where they get their definition from. */
  readonly controlPlane: Pick<ControlPlane, 'url' | 'agentKeyFile'>;
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
  readonly process: ProgramProcess;
  /** `http://HOST:PORT`, once its log has said so. */
  readonly url: () => string | undefined;
}

/** As the identity sidecar of the Azure Arc extension would name it. */
const EXTENSION =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/demo/providers/Microsoft.KubernetesConfiguration/extensions/mqttbridge';
const STATUS_TIMEOUT_MS = 2_000;

/** Starts nothing yet. */
export function createAgents(options: AgentsOptions): Agents {
  const all = new Map<number, Running>();
  const failed = Promise.withResolvers<string>();
  const running = (instance: number): boolean => alive(all.get(instance));

  return {
    start(instance) {
      if (running(instance)) return;
      const agent = startAgent(instance, options);
      all.set(instance, agent);
      const { gone, lastLines } = agent.process;
      gone.then(
        () =>
          agent.process.expected || failed.resolve([`instance ${instance} ended by itself:`, ...lastLines].join('\n')),
        failed.reject,
      );
    },
    async kill(instance) {
      const agent = all.get(instance);
      if (agent === undefined) return;
      await endProgram(agent.process, 0, 'SIGKILL');
    },
    async status(instance) {
      const url = all.get(instance)?.url();
      return url === undefined || !running(instance) ? undefined : fetchStatus(url);
    },
    running,
    failed: failed.promise,
    async stop(deadlineMs) {
      await Promise.all([...all.values()].map(({ process }) => endProgram(process, deadlineMs)));
    },
  };
}

function startAgent(instance: number, options: AgentsOptions): Running {
  const { program, stage, onProbes } = options;
  const agent = { url: undefined as string | undefined };
  const process = startProgram(program, {
    args: argumentsOf(instance, options),
    env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: stage.identity.url },
    logFile: join(stage.folder, `agent-${instance}.log`),
    onLine(line) {
      const address = agent.url === undefined ? probesIn(line) : undefined;
      if (address === undefined) return;
      agent.url = `http://${address}`;
      onProbes(instance, agent.url);
    },
  });
  return { process, url: () => agent.url };
}

function argumentsOf(instance: number, { stage, controlPlane, http }: AgentsOptions): string[] {
  return [
    'run',
    '--until-eof',
    '--control-plane',
    controlPlane.url,
    '--site',
    SITE,
    '--connector',
    CONNECTOR,
    '--control-plane-key-file',
    controlPlane.agentKeyFile,
    '--data',
    join(stage.folder, `agent-${instance}`),
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

function alive(agent: Running | undefined): boolean {
  return agent !== undefined && agent.process.process.exitCode === null && agent.process.process.signalCode === null;
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
