import { contenders } from './contenders/all.ts';
import type { BridgeTask, Contender, Lab } from './contenders/contender.ts';
import { routeTopics } from './load/frames.ts';
import { type LoadDriver, startLoad } from './load/driver.ts';
import type { MeteredPids } from './load/protocol.ts';
import { residentMiB } from './meters/proc.ts';
import { type Metrics, metricsOf, type Sample } from './metrics.ts';
import { startMosquitto } from './processes/mosquitto.ts';
import type { Running } from './processes/pool.ts';
import { freePorts } from './processes/ports.ts';
import type { Scenario } from './scenarios.ts';

/** A message must come across on every route within this. */
const readyMs = 20_000;
/** Connections have settled this long after the last route's first message. */
const settleMs = 200;

interface Stage {
  readonly load: LoadDriver;
  /** The process whose memory is the bridge's; absent when there is no bridge. */
  readonly bridge?: Running;
  readonly pids: MeteredPids;
  /** When the bridge was spawned, in ms of the epoch. */
  readonly spawnedAt: number;
}

/** One measurement from fresh processes, all ended before it resolves. A failure becomes the sample's problem. */
export async function measure(lab: Lab, scenario: Scenario, name: Sample['contender'], round: number): Promise<Sample> {
  const sample = { scenario: scenario.name, qos: scenario.shape.qos, contender: name, round };
  try {
    return { ...sample, metrics: await measureOn(await setStage(lab, scenario, contenders[name]), scenario) };
  } catch (error) {
    return { ...sample, metrics: {}, problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await lab.pool.stopAll();
  }
}

async function measureOn(stage: Stage, scenario: Scenario): Promise<Metrics> {
  const { load, bridge, pids, spawnedAt } = stage;
  const firstAt = await firstAcross(load, bridge);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const rssIdle = bridge && residentMiB(bridge.pid);
  const { warmMs, measureMs, offer } = scenario;
  const result = await load.run({ ...offer, warmMs, measureMs, pids });
  const memory = bridge ? { rssIdle, rss: residentMiB(bridge.pid), startMs: firstAt - spawnedAt } : {};
  return { ...metricsOf(result), ...memory } as Metrics;
}

/** Waits for a message on every route, and says what the bridge said when it ended instead. */
async function firstAcross(load: LoadDriver, bridge: Running | undefined): Promise<number> {
  if (!bridge) return load.probe(readyMs);
  const ended = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`the bridge ended at its start: ${bridge.lastWords()}`));
    if (bridge.child.exitCode === null) bridge.child.once('exit', fail);
    else fail();
  });
  try {
    return await Promise.race([load.probe(readyMs), ended]);
  } catch (error) {
    const words = bridge.lastWords();
    const message = (error as Error).message;
    throw new Error(words && !message.includes(words) ? `${message}; it said: ${words}` : message, { cause: error });
  }
}

async function setStage(lab: Lab, scenario: Scenario, contender: Contender): Promise<Stage> {
  const load = await startLoad(lab.pool);
  const [sourcePort = 0, targetPort = 0] = await freePorts(2);
  const { shape, routes, offer } = scenario;
  const window = offer.kind === 'closed' ? offer.window : offer.rate;
  const task: BridgeTask = {
    sourcePort,
    targetPort,
    shape,
    topics: routeTopics(routes),
    window,
    nodelay: scenario.nodelay,
  };
  return scenario.between === 'synthetic'
    ? setSynthetic(lab, task, contender, load)
    : setBrokers(lab, task, contender, load);
}

async function setSynthetic(lab: Lab, task: BridgeTask, contender: Contender, load: LoadDriver): Promise<Stage> {
  const { sourcePort, targetPort, shape, window } = task;
  let bridge: Running | undefined;
  let spawnedAt = 0;
  const failed = Promise.withResolvers<never>();
  const opened = load.open({ role: 'synthetic', sourcePort, targetPort, shape, routes: 1, window }, () => {
    spawnedAt = Date.now();
    try {
      bridge = contender.start(lab, task);
      bridge.child.once('exit', () =>
        failed.reject(new Error(`the bridge ended at its start: ${bridge?.lastWords()}`)),
      );
    } catch (error) {
      failed.reject(error);
    }
  });
  await Promise.race([opened, failed.promise]);
  if (!bridge) throw new Error('the synthetic ends opened without a bridge');
  failed.promise.catch(() => {});
  return { load, bridge, spawnedAt, pids: { bridge: bridge.pid, load: load.process.pid } };
}

async function setBrokers(lab: Lab, task: BridgeTask, contender: Contender, load: LoadDriver): Promise<Stage> {
  const { shape, topics, window, sourcePort } = task;
  const target = await startMosquitto(lab, { port: task.targetPort, nodelay: task.nodelay });
  const spawnedAt = Date.now();
  const bridged = contender.place === 'broker' ? { bridge: { ...task, ...shape } } : {};
  const source = await startMosquitto(lab, { port: sourcePort, nodelay: task.nodelay, ...bridged });
  const targetPort = contender.place === 'none' ? sourcePort : task.targetPort;
  await load.open({ role: 'client', sourcePort, targetPort, shape, routes: topics.length, window });
  const pids = { source: source.pid, target: target.pid, load: load.process.pid };
  if (contender.place === 'none') return { load, spawnedAt, pids };
  if (contender.place === 'broker') return { load, spawnedAt, pids, bridge: source };
  const started = Date.now();
  const bridge = contender.start(lab, task);
  return { load, spawnedAt: started, pids: { ...pids, bridge: bridge.pid }, bridge };
}
