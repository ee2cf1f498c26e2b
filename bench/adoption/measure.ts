import type { Lab } from '../contenders/contender.ts';
import { routeTopics } from '../load/frames.ts';
import { startMosquitto } from '../processes/mosquitto.ts';
import { freePorts } from '../processes/ports.ts';
import { prepareInstances } from './instances.ts';
import { startStream } from './stream.ts';

/** How the instance goes that has its slot adopted. */
export type Death = 'killed' | 'frozen';

/** Milliseconds from the death to the first later message through the adopted slot, and messages lost in all. */
export interface Adoptions {
  readonly death: Death;
  readonly waits: readonly number[];
  readonly lost: number;
}

const catchUpMs = 30_000;

/** Lets the second of two instances go `rounds` times under a steady stream, and lets it come back each time. */
export async function measureAdoptions(
  lab: Lab,
  death: Death,
  rounds: number,
  tell: (line: string) => void,
): Promise<Adoptions> {
  const [sourcePort = 0, targetPort = 0] = await freePorts(2);
  await Promise.all([sourcePort, targetPort].map((port) => startMosquitto(lab, { port, nodelay: true })));
  const topics = routeTopics(2);
  const start = prepareInstances(lab, { sourcePort, targetPort, topics, slots: 2 });
  const first = await start(0);
  let second = await start(1);
  await Promise.all([first.runs([0]), second.runs([1])]);
  const stream = await startStream(sourcePort, targetPort, topics);
  await stream.allFlow();
  const waits: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const diedAt = performance.now();
    second.running.child.kill(death === 'killed' ? 'SIGKILL' : 'SIGSTOP');
    waits.push((await stream.allFlow()) - diedAt);
    tell(`${death} ${round} of ${rounds}: ${waits.at(-1)?.toFixed(0)} ms`);
    await first.runs([0, 1]);
    if (death === 'killed') second = await start(1);
    else second.running.child.kill('SIGCONT');
    await Promise.all([first.runs([0]), second.runs([1])]);
    await stream.allFlow();
  }
  const lost = await stream.end(catchUpMs);
  await lab.pool.stopAll();
  return { death, waits, lost };
}
