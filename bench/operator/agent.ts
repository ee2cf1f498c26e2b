import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CONNECTORS, TOPIC_MAPS } from '../../kubernetes/object.ts';
import { encodePublish, packetType } from '../load/frames.ts';
import { openClient, subscribe, type Wire } from '../load/wire.ts';
import { residentMiB } from '../meters/proc.ts';
import type { Desk } from '../processes/desk.ts';
import { startMosquitto } from '../processes/mosquitto.ts';
import type { Running } from '../processes/pool.ts';
import { freePorts } from '../processes/ports.ts';
import type { BenchCluster } from './cluster.ts';
import { PROGRAM } from './operator.ts';
import { connector, topicMap } from './resources.ts';

/** How an agent does that watches its definition at the API server. */
export interface AgentFigures {
  /** From the start of the process until every route is ready, in milliseconds. */
  readonly starts: readonly number[];
  /** From sending an apply with a new route until the first message on it has arrived, in milliseconds. */
  readonly changes: readonly number[];
  /** Resident memory with one route, in MiB. */
  readonly memory: number;
}

const NAME = 'measured';
const POLL_MS = 1;
const PATIENCE_MS = 30_000;
const SHAPE = { version: 5, qos: 0, payloadBytes: 8, userProperties: 0 } as const;

interface Stage {
  readonly desk: Desk;
  readonly cluster: BenchCluster;
  readonly local: number;
  readonly remote: number;
}

/** Starts an agent some times, then changes its routes some times. */
export async function measureAgent(
  desk: Desk,
  cluster: BenchCluster,
  times: { readonly starts: number; readonly changes: number },
): Promise<AgentFigures> {
  const [local = 0, remote = 0] = await freePorts(2);
  for (const port of [local, remote]) await startMosquitto(desk, { port, nodelay: true });
  const ends = { local: `127.0.0.1:${local}`, remote: `127.0.0.1:${remote}` };
  const stage = { desk, cluster, local, remote };
  await cluster.client.apply(CONNECTORS, connector(cluster.namespace, NAME, ends), { manager: 'author' });
  await define(stage, ['first']);
  const starts: number[] = [];
  for (let round = 0; round < times.starts; round++) {
    const { running, startMs } = await startAgent(stage);
    starts.push(startMs);
    await stop(running);
  }
  const { running } = await startAgent(stage);
  await pause(2_000);
  const memory = residentMiB(running.pid);
  const changes: number[] = [];
  for (let round = 0; round < times.changes; round++) changes.push(await changeOnce(stage, round));
  await stop(running);
  return { starts, changes, memory };
}

async function define({ cluster: { client, namespace } }: Stage, routes: readonly string[]): Promise<void> {
  const map = topicMap(namespace, NAME, { connector: NAME, routes });
  await client.apply(TOPIC_MAPS, map, { manager: 'author', force: true });
}

async function startAgent({ desk, cluster }: Stage): Promise<{ running: Running; startMs: number }> {
  const [port = 0] = await freePorts(1);
  const data = path.join(desk.folder, `data-${port}`);
  const ready = path.join(data, 'ready.json');
  fs.mkdirSync(data);
  const where = ['--namespace', cluster.namespace, '--kubeconfig', cluster.kubeconfig, '--data', data];
  const own = ['--connector', NAME, '--http', `127.0.0.1:${port}`, '--once-ready', ready];
  const began = performance.now();
  const running = desk.pool.spawn(process.execPath, [PROGRAM, 'run', '--kubernetes', ...where, ...own]);
  await until(() => fs.existsSync(ready), running);
  return { running, startMs: performance.now() - began };
}

async function stop({ child }: Running): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

/** Someone sends on the topic of the new route all the time. */
async function changeOnce(stage: Stage, round: number): Promise<number> {
  const route = `round-${round}`;
  const above = await openClient(stage.remote, 5, `above-${round}`);
  await subscribe(above, 5, `${route}/#`, 0);
  const below = await openClient(stage.local, 5, `below-${round}`);
  const message = encodePublish(SHAPE, `${route}/a`, Buffer.alloc(SHAPE.payloadBytes));
  const first = firstMessage(above);
  const sending = setInterval(() => below.write(message), POLL_MS);
  try {
    await pause(100 + Math.random() * 200);
    const began = performance.now();
    await define(stage, ['first', route]);
    const at = await Promise.race([first, pause(PATIENCE_MS, Number.NaN, { ref: false })]);
    if (Number.isNaN(at)) throw new Error('no message came over the new route');
    return at - began;
  } finally {
    clearInterval(sending);
    above.destroy();
    below.destroy();
  }
}

function firstMessage(wire: Wire): Promise<number> {
  return new Promise((resolve) => {
    wire.receive(
      (buffer, start) => {
        if (buffer[start] >> 4 === packetType.publish) resolve(performance.now());
      },
      () => {},
    );
  });
}

async function until(condition: () => boolean, running: Running): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`the agent does not become ready: ${running.lastWords()}`);
    await pause(POLL_MS);
  }
}
