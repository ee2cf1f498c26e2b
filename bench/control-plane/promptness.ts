import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectorHealth } from '../../shared/api/health.ts';
import type { Desk } from '../processes/desk.ts';
import { startMosquitto } from '../processes/mosquitto.ts';
import type { Running } from '../processes/pool.ts';
import { freePorts } from '../processes/ports.ts';
import { type Plane, PROGRAM, startPlane } from './plane.ts';
import { bridgeBetween, get, post } from './sites.ts';

/** How soon things are known, in report intervals. */
export interface Promptness {
  /** From the answer to `apply` to the route that runs at the agent. */
  readonly changes: readonly number[];
  /** From the last report of an agent that was killed to the verdict Stale. */
  readonly silences: readonly number[];
}

const INTERVAL = 2;
const POLL_MS = 10;
const PATIENCE_MS = 60_000;
const SITE = '/api/sites/plant';

/** Changes the definition under a real agent, and kills the agent, so many times each. */
export async function measurePromptness(desk: Desk, rounds: number): Promise<Promptness> {
  const [local = 0, remote = 0, probes = 0] = await freePorts(3);
  await Promise.all([local, remote].map((port) => startMosquitto(desk, { port, nodelay: true })));
  const data = path.join(desk.folder, 'prompt');
  const settings = { arguments: ['--report-interval', String(INTERVAL)], recoverAfter: 0 };
  const plane = await startPlane(desk.pool, data, settings);
  const define = (route: string) => post(plane, `${SITE}/apply`, bridgeBetween({ local, remote, route }));
  await define('first');
  const { key } = (await post(plane, `${SITE}/grants`, { role: 'Bridge.Agent' })) as { key: string };
  const keyFile = path.join(data, 'agent.key');
  fs.writeFileSync(keyFile, key, { mode: 0o600 });
  const start = () => startAgent(desk, plane, { keyFile, probes });
  const changes: number[] = [];
  const silences: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const agent = start();
    await until(async () => (await healthOf(plane)).verdict === 'Healthy');
    // Anywhere between two reports.
    await pause(Math.random() * INTERVAL * 1000);
    const route = `round-${round}`;
    await define(route);
    const applied = performance.now();
    await until(() => runs(probes, route));
    changes.push((performance.now() - applied) / 1000 / INTERVAL);
    agent.child.kill('SIGKILL');
    silences.push((await silence(plane)) / INTERVAL);
  }
  await desk.pool.stopAll();
  return { changes, silences };
}

function startAgent({ pool }: Desk, plane: Plane, { keyFile, probes }: { keyFile: string; probes: number }): Running {
  const who = ['--control-plane', plane.url, '--site', 'plant', '--connector', 'bridge'];
  const own = ['--control-plane-key-file', keyFile, '--data', path.dirname(keyFile), '--http', `127.0.0.1:${probes}`];
  return pool.spawn(process.execPath, [PROGRAM, 'run', ...who, ...own]);
}

/** Seconds from the last report to when the verdict is Stale for whoever asks. */
async function silence(plane: Plane): Promise<number> {
  let reportedAt = '';
  await until(async () => {
    const { verdict, instances } = await healthOf(plane);
    reportedAt = instances[0]?.reportedAt ?? '';
    return verdict === 'Stale';
  });
  return (Date.now() - Date.parse(reportedAt)) / 1000;
}

async function healthOf(plane: Plane): Promise<ConnectorHealth> {
  return (await get(plane, `${SITE}/connectors/bridge/health`)) as ConnectorHealth;
}

async function runs(probes: number, name: string): Promise<boolean> {
  const status = await fetch(`http://127.0.0.1:${probes}/status`).catch(() => undefined);
  const { routes = [] } = ((await status?.json()) ?? {}) as {
    readonly routes?: readonly { route: string; lanes: { ready: number } }[];
  };
  return routes.some(({ route, lanes }) => route === name && lanes.ready > 0);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('the control plane or its agent does not come to it');
    await pause(POLL_MS);
  }
}
