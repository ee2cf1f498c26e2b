import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createFolderSource } from '../agent/config/folder-source.ts';
import { createLogger, type RootLogger } from '../agent/observe/logger.ts';
import type { AgentSnapshot } from '../agent/observe/snapshot.ts';
import { createDisplay, type Display } from '../local/demo/screen.ts';
import { hints, openStage, type Stage } from '../local/demo/stage.ts';
import { renderLine, renderSummary, renderTable } from '../local/demo/table.ts';
import { startTraffic } from '../local/demo/traffic.ts';
import { type Address, formatAddress } from './address.ts';
import type { CreateAgent, RunningAgent } from './agent-port.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { openProbes } from './open-probes.ts';
import { reportConfig } from './report-config.ts';
import { createSignalQueue } from './signals.ts';
import { packageVersion } from './version.ts';

const STOP_DEADLINE_MS = 5_000;

export interface DemoOptions {
  /** Seconds; until a signal comes when absent. */
  readonly for?: number;
  readonly http: Address;
}

/** `mqttbridge demo`: two embedded brokers, the reference resources, sample traffic, and a live table of what crosses. */
export async function demoCommand(options: DemoOptions, io: Io, createAgent: CreateAgent): Promise<ExitCode> {
  const stage = await openStage();
  const log = createWriteStream(join(stage.folder, 'agent.log'));
  const logger = createLogger({
    level: 'info',
    destination: { write: (line) => void log.write(line) },
    now: io.now,
    wallClock: io.wallClock,
  });
  try {
    const agent = createAgent({
      source: reportConfig(createFolderSource({ paths: [stage.folder] }), logger),
      configmapsDir: stage.folder,
      secretsDir: stage.folder,
      logger,
      version: packageVersion(),
    });
    return await play({ agent, stage, logger, options, io });
  } finally {
    logger.flush();
    await new Promise((resolve) => log.end(resolve));
    await stage.close();
  }
}

interface Play {
  readonly agent: RunningAgent;
  readonly stage: Stage;
  readonly logger: RootLogger;
  readonly options: DemoOptions;
  readonly io: Io;
}

async function play({ agent, stage, logger, options, io }: Play): Promise<ExitCode> {
  const signals = createSignalQueue(io);
  // The demo is worth seeing without its probes, so a taken port only moves them.
  const probes =
    (await openProbes(agent, { logger, address: options.http, io })) ??
    (await openProbes(agent, { logger, address: { host: options.http.host, port: 0 }, io }));
  io.stdout.write(`${[...hints(stage), ...(probes ? [probeHint(probes)] : [])].join('\n')}\n\n`);
  const display = createDisplay(io.stdout);
  announceFirst(stage, display, io.now);
  agent.start();
  const began = io.now();
  const stopTraffic = trafficWhenReady(agent, stage);
  const stopShow = show(agent, display, io);

  const end = await Promise.race([signals.next(), after(options.for), agent.closed.then(() => 'closed' as const)]);
  stopTraffic();
  stopShow();
  await Promise.race([agent.stop(STOP_DEADLINE_MS), signals.next()]);
  io.stdout.write(`\n${renderSummary(agent.snapshot(), (io.now() - began) / 1_000)}\n`);
  await probes?.close();
  if (end === 'closed') return EXIT.runtime;
  return end === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}

function probeHint(probes: Address): string {
  const url = `http://${formatAddress(probes)}`;
  return `Look inside:\n  ${url}/status  ${url}/metrics  ${url}/readyz?verbose`;
}

/** Says when the first message of each direction has crossed, counted from the start of the process. */
function announceFirst({ brokers }: Stage, display: Display, now: () => number): void {
  const directions = [
    [brokers.remote, 'local to remote'],
    [brokers.local, 'remote to local'],
  ] as const;
  for (const [target, direction] of directions) {
    const stop = target.events.on('published', ({ clientId, topic }) => {
      // Messages without a client are the sample traffic itself.
      if (clientId === undefined) return;
      stop();
      display.note(`first message ${direction} after ${(now() / 1_000).toFixed(2)} s, on ${topic}`);
    });
  }
}

/** Before the routes have subscribed, the brokers would have nobody to give the messages to. */
function trafficWhenReady(agent: RunningAgent, stage: Stage): () => void {
  let stop = (): void => undefined;
  const over = new AbortController();
  const begin = (): void => {
    if (!over.signal.aborted) stop = startTraffic(stage.brokers);
  };
  // An agent that never gets ready closes, and `play` hears of that.
  agent.ready.then(begin, () => undefined);
  return () => {
    over.abort();
    stop();
  };
}

/** Shows the agent once per second: a table drawn over itself on a terminal, one line each elsewhere. */
function show(agent: RunningAgent, display: Display, io: Io): () => void {
  let before: AgentSnapshot | undefined;
  let then = io.now();
  const look = (): void => {
    const snapshot = agent.snapshot();
    const time = io.now();
    const interval = { now: snapshot, seconds: (time - then) / 1_000, ...(before === undefined ? {} : { before }) };
    display.draw(io.stdout.isTTY ? renderTable(interval, io.stdout.columns) : [renderLine(interval)]);
    before = snapshot;
    then = time;
  };
  const timer = setInterval(look, 1_000);
  return () => clearInterval(timer);
}

async function after(seconds: number | undefined): Promise<'time'> {
  return new Promise((resolve) => {
    if (seconds !== undefined) setTimeout(() => resolve('time'), seconds * 1_000);
  });
}
