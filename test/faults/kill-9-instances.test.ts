import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { createFleet } from '../support/fleet.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { createRandom } from '../support/random.ts';
import { startRemote, SWIFT_SUBSCRIBERS } from '../support/remote.ts';
import { startTwoWayLoad } from '../support/two-way-load.ts';

/** The whole two minutes of the acceptance test run with FAULT_SECONDS=120. */
const FULL = process.env['FAULT_SECONDS'] !== undefined;
const SECONDS = Number(process.env['FAULT_SECONDS'] ?? 10);
/** Three processes that start on a busy machine. */
const PATIENCE_MS = 60_000;
const WINDOW = 100;
const INSTANCES = 3;
const TOPICS = ['a', 'b', 'c'];
const CASES = [
  { kind: 'mosquitto', remoteSessions: 'perRoute', rate: 400 },
  // As fast as Event Grid lets one publisher be.
  { kind: 'eventgrid', remoteSessions: 'perInstance', rate: 90 },
  ...(FULL ? [{ kind: 'mosquitto', remoteSessions: 'perInstance', rate: 400 } as const] : []),
] as const;

test.concurrent.for(CASES)(
  'one of three instances killed every few seconds under load loses nothing and repeats at most a window ($remoteSessions at $kind)',
  { timeout: SECONDS * 1000 + 200_000 },
  async ({ kind, remoteSessions, rate }, scope) => {
    const random = createRandom(0xf26);
    const [local, remote] = await Promise.all([
      startMosquitto(scope, { maxInflight: WINDOW }),
      startRemote(scope, kind, { settings: SWIFT_SUBSCRIBERS }),
    ]);
    // A long way to the remote broker, so that a kill always finds messages in flight.
    const line = await startFaultProxy(scope, { port: remote.port });
    line.add({ type: 'latency', latency: 20 });
    const fleet = createFleet(
      await prepareBridge(scope, {
        local: local.port,
        remote: remote.side(line.port),
        routes: TOPICS.flatMap((name) => [outward(`up-${name}`, `up/${name}`), inward(`down-${name}`, `down/${name}`)]),
        spec: { remoteSessions, bridgeInstances: INSTANCES, session: { maxInflightMessages: WINDOW } },
      }),
      2 * TOPICS.length,
    );
    await Promise.all([fleet.start(0), fleet.start(1), fleet.start(2)]);
    await fleet.runs({ 0: [0], 1: [1], 2: [2] }, PATIENCE_MS);
    const { end } = await startTwoWayLoad(scope, { local: local.port, remote: remote.port, names: TOPICS, rate });

    let kills = 0;
    const until = performance.now() + SECONDS * 1000;
    for (; performance.now() < until; kills++) {
      await delay(2000 + random() * 3000);
      const victim = Math.floor(random() * INSTANCES);
      await fleet.agent(victim).kill9();
      // Sometimes back before the others have noticed, sometimes long after they have its slot.
      await delay(random() * 1500);
      await fleet.start(victim);
    }
    const [up, down] = await end({ allowDuplicates: kills * WINDOW }, PATIENCE_MS);
    if (FULL) console.info(`${remoteSessions} at ${kind}: ${kills} kills\nup: ${up}\ndown: ${down}`);
    await fleet.runs({ 0: [0], 1: [1], 2: [2] }, PATIENCE_MS);
    expect(kills).toBeGreaterThan(SECONDS / 8);
  },
);
