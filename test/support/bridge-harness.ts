import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Agent, createAgent } from '../../agent/agent.ts';
import type { IdentityOptions } from '../../agent/identity-options.ts';
import type { ClusterTiming } from '../../agent/cluster/timing.ts';
import { createFolderSource } from '../../agent/config/folder-source.ts';
import type { ConfigSource } from '../../agent/config/source.ts';
import { createLogger } from '../../agent/observe/logger.ts';
import type { AgentSnapshot, RouteSnapshot, SessionSnapshot } from '../../agent/observe/snapshot.ts';
import { DEFAULT_TIMING, type Timing } from '../../agent/session/timing.ts';
import type { ConnectorDocument } from '../../shared/plan/document.ts';
import { writeWhole } from '../../cli/write-whole.ts';
import { type AgentProcess, startAgent } from './agent-process.ts';
import { type BridgeConfig, bridgeYaml } from './bridge-config.ts';
import { eventually } from './eventually.ts';
import type { Scope } from './scope.ts';
import { createTempDir } from './temp-dir.ts';

/** Delays of an agent under test: everything that is not the subject of the test is short. */
export const QUICK_TIMING: Timing = {
  ...DEFAULT_TIMING,
  reconnect: {
    ...DEFAULT_TIMING.reconnect,
    firstMs: 20,
    mostMs: 200,
    slowMs: 50,
    slowMostMs: 200,
    mountedMostMs: 200,
    takenOverMs: 50,
  },
  retry: { ...DEFAULT_TIMING.retry, firstMs: 20, mostMs: 100 },
  resubscribeMs: 100,
  stableMs: 1_000,
  tickMs: 50,
};

const WATCH_TIMING = { debounceMs: 10, maxDelayMs: 100, pollMs: 100 };
const STOP_MS = 5_000;

/** How an agent under test differs from the quick one. */
export interface BridgeOptions {
  readonly timing?: Partial<Timing>;
  readonly secretsDir?: string;
  readonly configmapsDir?: string;
  readonly now?: () => number;
  readonly identity?: IdentityOptions;
  /** Its number among several instances; it runs all slots when absent. */
  readonly instance?: number;
  readonly clusterTiming?: ClusterTiming;
  /** Ports at which this instance reaches the brokers that its document names, so that its lines alone can be cut. */
  readonly lines?: { readonly local: number; readonly remote: number };
  /** Do not wait until all routes are ready. */
  readonly unready?: boolean;
}

/** An agent at work inside the test's process. */
export interface Bridge {
  readonly agent: Agent;
  readonly snapshot: () => AgentSnapshot;
  readonly route: (name: string) => RouteSnapshot;
  /** The session at that broker which belongs to a route of this name, or the only one. */
  readonly session: (side: 'local' | 'remote', route?: string) => SessionSnapshot;
  /** Waits until all routes pass messages. */
  readonly allReady: () => Promise<unknown>;
  /** Waits until nothing is in flight. */
  readonly settled: () => Promise<unknown>;
  /** Puts another configuration in the watched folder and waits until it is taken or refused. */
  readonly write: (config: BridgeConfig | string) => Promise<void>;
  /** Everything logged. */
  readonly log: () => string;
  readonly events: (evt: string) => readonly Readonly<Record<string, unknown>>[];
  /** Stops taking, finishes what is in flight and checks the balance; the second time it does nothing. */
  readonly stop: () => Promise<void>;
}

/** Starts an agent in this process and waits until its routes are ready; it is stopped, and its books checked, with the scope. */
export async function startBridge(scope: Scope, config: BridgeConfig, options: BridgeOptions = {}): Promise<Bridge> {
  const dir = await createTempDir(scope, 'bridge');
  const file = join(dir, 'bridge.yaml');
  await writeFile(file, bridgeYaml(config));
  const lines: string[] = [];
  const logger = createLogger({
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
    now: () => performance.now(),
    wallClock: () => new Date(),
    repeatIntervalMs: 0,
  });
  const agent = createAgent({
    source: throughLines(createFolderSource({ paths: [file], timing: WATCH_TIMING }), options),
    configmapsDir: options.configmapsDir ?? dir,
    secretsDir: options.secretsDir ?? dir,
    logger,
    version: '0.0.0-test',
    timing: { ...QUICK_TIMING, ...options.timing },
    ...(options.now ? { now: options.now } : {}),
    ...(options.identity ? { identity: options.identity } : {}),
    ...(options.instance === undefined ? {} : { instance: options.instance }),
    ...(options.clusterTiming ? { clusterTiming: options.clusterTiming } : {}),
  });
  const bridge = createBridge(agent, file, lines);
  scope.onTestFinished(bridge.stop);
  agent.start();
  if (!options.unready) await bridge.allReady();
  return bridge;
}

/** The same documents, of the same revision, with other addresses. */
function throughLines(source: ConfigSource, { lines }: BridgeOptions): ConfigSource {
  if (!lines) return source;
  return {
    async *updates(signal) {
      for await (const update of source.updates(signal)) {
        if (update.kind === 'rejected') yield update;
        else yield { ...update, document: readdressed(update.document, lines) };
      }
    },
  };
}

function readdressed(document: ConnectorDocument, lines: NonNullable<BridgeOptions['lines']>): ConnectorDocument {
  const { spec } = document.connector;
  const localBrokerConnection = { ...spec.localBrokerConnection, endpoint: `127.0.0.1:${lines.local}` };
  const remoteBrokerConnection = { ...spec.remoteBrokerConnection, endpoint: `127.0.0.1:${lines.remote}` };
  const connector = { ...document.connector, spec: { ...spec, localBrokerConnection, remoteBrokerConnection } };
  return { ...document, connector };
}

function createBridge(agent: Agent, file: string, lines: readonly string[]): Bridge {
  const snapshot = () => agent.snapshot();
  const books = () => snapshot().routes;
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    expectBalance(books());
    await agent.stop(STOP_MS);
    expectBalance(books(), 'closed');
  };
  return {
    agent,
    snapshot,
    route: (name) =>
      found(
        books().find(({ route }) => route === name),
        `route ${name}`,
      ),
    session: (side, route) =>
      found(
        snapshot().sessions.find((one) => one.side === side && (!route || one.clientId === `agent-${route}`)),
        `session ${side} ${route ?? ''}`,
      ),
    allReady: () =>
      eventually(() => books().length > 0 && books().every(({ lanes }) => lanes.ready === lanes.total), {
        describe: () => [snapshot().sessions, books().map(({ route, lanes }) => ({ route, lanes }))],
      }),
    settled: () => eventually(() => books().every(({ counters }) => counters.inflight === 0)),
    async write(config) {
      const before = decisions(snapshot());
      // A reader in the middle of a plain write would count a document that nobody wrote.
      await writeWhole(file, typeof config === 'string' ? config : bridgeYaml(config));
      await eventually(() => decisions(snapshot()) > before, { describe: () => snapshot().config });
    },
    log: () => lines.join(''),
    events: (evt) =>
      lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['evt'] === evt),
    stop: () => (stopped ??= stop()),
  };
}

function decisions({ config }: AgentSnapshot): number {
  return config.generation + config.rejectedTotal;
}

/** Throws unless received = forwarded + dropped + in flight for every route, with nothing in flight once closed. */
export function expectBalance(routes: readonly RouteSnapshot[], state: 'running' | 'closed' = 'running'): void {
  for (const { route, counters } of routes) {
    const dropped = Object.values(counters.dropped).reduce((sum, count) => sum + count, 0);
    const { received, forwarded, inflight } = counters;
    const even = received === forwarded + dropped + inflight && inflight >= 0;
    if (even && (state === 'running' || inflight === 0)) continue;
    throw new Error(
      `route ${route} (${state}) does not balance: ${JSON.stringify({ ...counters, latency: undefined })}`,
    );
  }
}

/** How a bridge runs as a process of its own. */
export interface BridgeProcessOptions {
  readonly secretsDir?: string;
  readonly configMapsDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** A way to run the same bridge as one process after another. */
export interface BridgeProcesses {
  /** Starts the process, as one of several instances if told which, without waiting until it is ready. */
  readonly start: (instance?: number) => Promise<AgentProcess>;
  readonly write: (config: BridgeConfig | string) => Promise<void>;
}

/** Writes the configuration of a bridge that is run, and killed, as a process. */
export async function prepareBridge(
  scope: Scope,
  config: BridgeConfig | string,
  options: BridgeProcessOptions = {},
): Promise<BridgeProcesses> {
  const dir = await createTempDir(scope, 'bridge');
  const file = join(dir, 'bridge.yaml');
  const write = (next: BridgeConfig | string) => writeWhole(file, typeof next === 'string' ? next : bridgeYaml(next));
  await write(config);
  const start = (instance?: number) =>
    startAgent(scope, { config: file, ...options, ...(instance === undefined ? {} : { instance }) });
  return { write, start };
}

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}
