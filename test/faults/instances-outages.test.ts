import { expect, type TestContext, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { createFleet } from '../support/fleet.ts';
import { type Instance, QUICK_CLUSTER, startInstance, untilRunning } from '../support/instances.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startTwoWayLoad } from '../support/two-way-load.ts';

const WINDOW = 100;
const LOAD = { names: ['a', 'b', 'c'], rate: 100 } as const;
const ROUTES = LOAD.names.flatMap((name) => [
  outward(`up-${name}`, `up/${name}`),
  inward(`down-${name}`, `down/${name}`),
]);

async function setStage(scope: TestContext, bridgeInstances: number) {
  const broker = { persistence: true, maxInflight: WINDOW };
  const [local, remote] = await Promise.all([startMosquitto(scope, broker), startMosquitto(scope, broker)]);
  const config = { local: local.port, remote: remote.port, routes: ROUTES, spec: { bridgeInstances } };
  const start = (instance: number) => startInstance(scope, config, instance);
  const startLoad = () => startTwoWayLoad(scope, { ...config, ...LOAD });
  return { local, remote, config, start, startLoad };
}

/** Two instances at work under load. */
async function setPair(scope: TestContext) {
  const stage = await setStage(scope, 2);
  const [first, second] = await Promise.all([stage.start(0), stage.start(1)]);
  const apart = [
    [first, '0'],
    [second, '1'],
  ] as const;
  await untilRunning(apart, ROUTES.length);
  return { ...stage, first, second, apart, ...(await stage.startLoad()) };
}

const adoptions = ({ bridge }: Instance) => bridge.snapshot().instances?.adoptions;

test.concurrent('a restart of the local broker loses nothing, and nobody adopts', {
  timeout: 60_000,
}, async (scope) => {
  const { local, first, second, apart, flows, end } = await setPair(scope);
  await flows();
  await local.restart();
  await flows();
  await untilRunning(apart);
  await end({ allowDuplicates: true });
  expect([first, second].map(adoptions)).toEqual([0, 0]);
});

test.concurrent('a restart of the remote broker loses nothing, and nobody adopts', {
  timeout: 60_000,
}, async (scope) => {
  const { remote, first, second, apart, flows, end } = await setPair(scope);
  await flows();
  await remote.restart();
  await flows();
  await untilRunning(apart);
  await end({ allowDuplicates: true });
  expect([first, second].map(adoptions)).toEqual([0, 0]);
});

test.concurrent('an outage of the local broker longer than the silence of the dead loses nothing', {
  timeout: 60_000,
}, async (scope) => {
  const { local, first, second, apart, flows, end } = await setPair(scope);
  await flows();
  await local.stop();
  const silence = ({ bridge }: Instance) =>
    Math.min(...(bridge.snapshot().instances?.peers ?? []).map(({ silentSeconds }) => silentSeconds));
  await eventually(() => [first, second].every((one) => silence(one) * 1000 > 2 * QUICK_CLUSTER.silenceMs));
  expect([first, second].map(({ bridge }) => bridge.snapshot().instances?.standing)).toEqual(['apart', 'apart']);
  await local.restart();
  await flows();
  await untilRunning(apart);
  await end({ allowDuplicates: true });
  expect([first, second].map(adoptions)).toEqual([0, 0]);
});

test.concurrent('instances that start while the local broker is down share the slots once it is there', {
  timeout: 60_000,
}, async (scope) => {
  const { local, start, startLoad } = await setStage(scope, 2);
  await local.stop();
  const [first, second] = await Promise.all([start(0), start(1)]);
  const unseen = ({ bridge }: Instance) => bridge.events('InstancesUnseen').length > 0;
  await eventually(() => unseen(first) && unseen(second));
  expect([first.slots(), second.slots()]).toEqual(['', '']);
  await local.restart();
  await untilRunning(
    [
      [first, '0'],
      [second, '1'],
    ],
    ROUTES.length,
  );
  const { flows, end } = await startLoad();
  await flows();
  await end({});
});

test.concurrent('of two processes with the same number one runs the slot, and the other when that has died', {
  timeout: 60_000,
}, async (scope) => {
  const { start, startLoad } = await setStage(scope, 2);
  const first = await start(0);
  const twins = await Promise.all([start(1), start(1)]);
  const running = () => twins.filter(({ slots }) => slots() === '1');
  const settled = () => running().length === 1 && twins.some(({ slots }) => slots() === '');
  await eventually(settled, { describe: () => twins.map(({ slots }) => slots()) });
  const [one] = running();
  const other = twins.find((twin) => twin !== one);
  if (!one || !other) throw new Error('nobody runs the slot');
  await untilRunning(
    [
      [first, '0'],
      [one, '1'],
      [other, ''],
    ],
    ROUTES.length,
  );
  const { flows, end } = await startLoad();
  await flows();
  expect([one.slots(), other.slots()]).toEqual(['1', '']);
  await one.lose();
  await untilRunning([
    [first, '0'],
    [other, '1'],
  ]);
  await flows();
  await end({ allowDuplicates: true });
});

test.concurrent('an instance beyond the slots waits, and takes the slot of one that dies', {
  timeout: 60_000,
}, async (scope) => {
  const { start, first, second, apart, flows, end } = await setPair(scope);
  const spare = await start(2);
  await eventually(() => spare.bridge.snapshot().instances?.standing === 'joined');
  await flows();
  await untilRunning([...apart, [spare, '']]);
  await second.lose();
  await untilRunning([
    [first, '0'],
    [spare, '1'],
  ]);
  await flows();
  await end({ allowDuplicates: true });
});

test.concurrent('three instances restarted in turn by SIGTERM under load lose and repeat nothing', {
  timeout: 150_000,
}, async (scope) => {
  const { config } = await setStage(scope, 3);
  const fleet = createFleet(await prepareBridge(scope, config), ROUTES.length);
  const apart = { 0: [0], 1: [1], 2: [2] };
  await Promise.all([fleet.start(0), fleet.start(1), fleet.start(2)]);
  await fleet.runs(apart, 60_000);
  const { flows, end } = await startTwoWayLoad(scope, { ...config, ...LOAD });
  await flows();
  for (const instance of [2, 1, 0]) {
    expect(await fleet.agent(instance).term()).toEqual({ code: 0, signal: null });
    await flows();
    await fleet.start(instance);
    await fleet.runs(apart, 60_000);
  }
  await flows();
  await end({});
});
