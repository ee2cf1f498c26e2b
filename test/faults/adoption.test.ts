import { expect, type TestContext, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { createFleet } from '../support/fleet.ts';
import { countTakeOvers } from '../support/instances.ts';
import { startEmbedded } from '../support/test-broker.ts';
import { startTwoWayLoad } from '../support/two-way-load.ts';

const WINDOW = 100;
const RATE = 100;

/** Two instances that share four routes under load. */
async function setStage(scope: TestContext) {
  const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
  const takeOvers = countTakeOvers({ local, remote });
  const fleet = createFleet(
    await prepareBridge(scope, {
      local: local.port,
      remote: remote.port,
      routes: [outward('a', 'up/a'), outward('b', 'up/b'), inward('c', 'down/a'), inward('d', 'down/b')],
      spec: { bridgeInstances: 2, session: { maxInflightMessages: WINDOW } },
    }),
    4,
  );
  await Promise.all([fleet.start(0), fleet.start(1)]);
  await fleet.runs({ 0: [0], 1: [1] });
  const { flows, end } = await startTwoWayLoad(scope, {
    local: local.port,
    remote: remote.port,
    names: ['a', 'b'],
    rate: RATE,
  });
  const events = (instance: number, ...names: string[]) =>
    fleet
      .agent(instance)
      .logs()
      .map(({ evt }) => String(evt))
      .filter((evt) => names.includes(evt));
  await flows();
  return { fleet, flows, end, takeOvers, events };
}

test.concurrent('the slot of a killed instance is adopted, and handed back when it returns', {
  timeout: 120_000,
}, async (scope) => {
  const { fleet, flows, end, takeOvers, events } = await setStage(scope);
  await fleet.agent(1).kill9();
  await fleet.runs({ 0: [0, 1] });
  await flows();
  await fleet.start(1);
  await fleet.runs({ 0: [0], 1: [1] });
  await flows();
  await end({ allowDuplicates: WINDOW });
  expect(events(0, 'SlotsAdopted', 'SlotsHandedBack', 'SlotLost')).toEqual(['SlotsAdopted', 'SlotsHandedBack']);
  expect([...takeOvers]).toEqual([]);
});

test.concurrent('the slot of a frozen instance is adopted; when it wakes it gets it back in order', {
  timeout: 120_000,
}, async (scope) => {
  const { fleet, flows, end, takeOvers, events } = await setStage(scope);
  fleet.agent(1).pause();
  await fleet.runs({ 0: [0, 1] });
  await flows();
  const before = new Map(takeOvers);
  fleet.agent(1).resume();
  await fleet.runs({ 0: [0], 1: [1] });
  await flows();
  await end({ allowDuplicates: WINDOW });
  expect(events(0, 'SlotsAdopted', 'SlotsHandedBack', 'SlotLost')).toEqual(['SlotsAdopted', 'SlotsHandedBack']);
  expect(events(1, 'SlotsTaken', 'SlotsSurrendered')).toEqual(['SlotsTaken', 'SlotsSurrendered', 'SlotsTaken']);
  // The adopter takes each session over from the sleeper, once; nobody takes one back.
  expect(Math.max(...before.values())).toBe(1);
  expect([...takeOvers]).toEqual([...before]);
});
