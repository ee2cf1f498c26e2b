import { createServer } from 'node:net';
import { ALL_INSTANCES, type Agents, createAgents } from '../local/demo/agents.ts';
import { type Books, openBooks } from '../local/demo/books.ts';
import { type ControlPlane, startControlPlane } from '../local/demo/control-plane.ts';
import { summary } from '../local/demo/lines.ts';
import { createDisplay, type Display } from '../local/demo/screen.ts';
import { startShow } from '../local/demo/show.ts';
import { hints, openStage, type Stage } from '../local/demo/stage.ts';
import { STORIES, type StoryName } from '../local/demo/stories.ts';
import { tour } from '../local/demo/stories/tour.ts';
import { createScene, type Story } from '../local/demo/story.ts';
import { startTraffic } from '../local/demo/traffic.ts';
import { type Address, formatAddress } from './address.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Io } from './io.ts';
import { createSignalQueue } from './signals.ts';

const STOP_DEADLINE_MS = 5_000;
/** How long what is under way at the end may take to arrive. */
const DRAIN_MS = 30_000;
/** The same when somebody has pressed Ctrl-C and waits. */
const SHORT_DRAIN_MS = 2_000;
const LOOK_MS = 20;

export interface DemoOptions {
  readonly fault?: StoryName;
  /** Seconds; until a signal comes, or the story is over, when absent. */
  readonly for?: number;
  readonly http: Address;
}

/** `mqttbridge demo`: a local broker, an Event Grid emulator, two agents between them, sample traffic, and what becomes of it. */
export async function demoCommand(options: DemoOptions, io: Io): Promise<ExitCode> {
  const signals = createSignalQueue(io);
  const story = options.fault === undefined ? tour : STORIES[options.fault];
  const stage = await openStage(story.stage);
  const display = createDisplay(io.stdout);
  try {
    const controlPlane = await startControlPlane({ program: io.program, folder: stage.folder });
    try {
      io.stdout.write(`${hints(stage, controlPlane).join('\n')}\n\n`);
      display.note(await controlPlane.apply(stage.resources));
      return await playBetween({ stage, controlPlane, display, story, options, io, nextSignal: signals.next });
    } finally {
      await controlPlane.stop(STOP_DEADLINE_MS);
    }
  } catch (error) {
    io.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.runtime;
  } finally {
    await stage.close();
  }
}

async function playBetween(parts: Omit<Play, 'agents' | 'books'>): Promise<ExitCode> {
  const { stage, controlPlane, display, options, io } = parts;
  const agents = createAgents({
    program: io.program,
    stage,
    controlPlane,
    http: await freeAddresses(options.http),
    onProbes: (instance, url) => display.note(`instance ${instance}: ${url}/status  /metrics  /readyz?verbose`),
  });
  const books = openBooks(stage.brokers, ({ at, topic }) => {
    const direction = at === 'remote' ? 'local to remote' : 'remote to local';
    display.note(`first message ${direction} after ${(io.now() / 1_000).toFixed(2)} s, on ${topic}`);
  });
  try {
    return await play({ ...parts, agents, books });
  } finally {
    await agents.stop(STOP_DEADLINE_MS);
  }
}

interface Play {
  readonly stage: Stage;
  readonly controlPlane: ControlPlane;
  readonly agents: Agents;
  readonly books: Books;
  readonly display: Display;
  readonly story: Story;
  readonly options: DemoOptions;
  readonly io: Io;
  readonly nextSignal: () => Promise<'SIGINT' | 'SIGTERM'>;
}

/** Why the demo ends. */
type End =
  | { readonly kind: 'signal'; readonly signal: 'SIGINT' | 'SIGTERM' }
  | { readonly kind: 'over' }
  /** The time was over before the story was. */
  | { readonly kind: 'short' }
  | { readonly kind: 'failed'; readonly detail: string };

async function play(parts: Play): Promise<ExitCode> {
  const { stage, controlPlane, agents, books, display, io, nextSignal } = parts;
  const over = new AbortController();
  for (const instance of ALL_INSTANCES) agents.start(instance);
  const stopTraffic = startTraffic(stage.brokers);
  const stopShow = startShow({ agents, controlPlane, books, display, screen: io.stdout, now: io.now });
  const began = io.now();
  const end = await Promise.race([
    nextSignal().then((signal): End => ({ kind: 'signal', signal })),
    ...[agents.failed, controlPlane.failed].map((failed) => failed.then((detail): End => ({ kind: 'failed', detail }))),
    ...whenOver(parts, over.signal),
  ]);
  over.abort();
  stopTraffic();
  const patience = end.kind === 'over' ? DRAIN_MS : SHORT_DRAIN_MS;
  const cutShort = await Promise.race([drained(books, patience, io.now), nextSignal()]);
  await stopShow();
  const last: End = cutShort === undefined ? end : { kind: 'signal', signal: cutShort };
  const seconds = (io.now() - began) / 1_000;
  io.stdout.write(`\n${summary(books, { seconds, time: last.kind === 'over' })}\n`);
  return conclude(last, books, io);
}

function conclude(end: End, books: Books, io: Io): ExitCode {
  switch (end.kind) {
    case 'signal':
      return end.signal === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
    case 'over':
      return books.missing() === 0 ? EXIT.ok : EXIT.runtime;
    case 'short':
      return EXIT.ok;
    case 'failed':
      io.stderr.write(`error: ${end.detail}\n`);
      return EXIT.runtime;
  }
}

/** The ends that were asked for: time, or the last line of a fault's story. The tour goes on until it is stopped. */
function whenOver(parts: Play, signal: AbortSignal): Promise<End>[] {
  const { story, options, display, stage, controlPlane, agents, books, io } = parts;
  const ends: Promise<End>[] = [];
  const seconds = options.for;
  const told = options.fault !== undefined;
  if (seconds !== undefined) {
    const kind = told ? 'short' : 'over';
    ends.push(new Promise((resolve) => setTimeout(() => resolve({ kind }), seconds * 1_000)));
  }
  const scene = createScene({ stage, controlPlane, agents, books, note: display.note, now: io.now, signal });
  const end = story.play(scene).then(
    () => (told ? ({ kind: 'over' } as const) : new Promise<never>(() => undefined)),
    (error: unknown) => ({ kind: 'failed', detail: error instanceof Error ? error.message : String(error) }) as const,
  );
  return [...ends, end];
}

async function drained(books: Books, patienceMs: number, now: () => number): Promise<undefined> {
  const deadline = now() + patienceMs;
  while (books.missing() > 0 && now() < deadline) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}

/** The demo is worth seeing without its probes at the usual place, so a taken port only moves them. */
async function freeAddresses({ host, port }: Address): Promise<string[]> {
  return Promise.all(
    ALL_INSTANCES.map(async (instance) => {
      const wanted = { host, port: port === 0 ? 0 : port + instance };
      return formatAddress((await isFree(wanted.port, host)) ? wanted : { host, port: 0 });
    }),
  );
}

function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
}
