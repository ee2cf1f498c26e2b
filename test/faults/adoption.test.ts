import { expect, type TestContext, test } from 'vitest';
import { inward, outward } from '../support/bridge-config.ts';
import { prepareBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { createFleet } from '../support/fleet.ts';
import { countTakeOvers } from '../support/instances.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startEmbedded } from '../support/test-broker.ts';

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
      routes: [outward('a', 'up/a'), outward('b', 'up/b'), inward('c', 'down/c'), inward('d', 'down/d')],
      spec: { bridgeInstances: 2, session: { maxInflightMessages: WINDOW } },
    }),
  );
  await Promise.all([fleet.start(0), fleet.start(1)]);
  await fleet.runs({ 0: [0], 1: [1] });
  const [above, below] = await Promise.all([
    startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#' }),
    startConsumer(scope, { port: local.port, clientId: 'below', filters: 'down/#' }),
  ]);
  const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a', 'up/b'], rate: RATE });
  const down = startProducer(scope, { port: remote.port, name: 'down', topics: ['down/c', 'down/d'], rate: RATE });
  /** Everything sent up to now has arrived, and what is sent from now on does. */
  const flows = async () => {
    const [sentUp, sentDown] = [up.log.sent.length, down.log.sent.length];
    await Promise.all([above.received(sentUp + WINDOW), below.received(sentDown + WINDOW)]);
  };
  const end = async (allowDuplicates: number) => {
    await Promise.all([up.stop(), down.stop()]);
    await Promise.all([above.received(up.log.sent.length), below.received(down.log.sent.length)]);
    const upward = checkDelivery(up.log.sent, above.log.received, { allowDuplicates });
    const downward = checkDelivery(down.log.sent, below.log.received, { allowDuplicates });
    expect(upward.ok, upward.text).toBe(true);
    expect(downward.ok, downward.text).toBe(true);
  };
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
  await end(WINDOW);
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
  await end(WINDOW);
  expect(events(0, 'SlotsAdopted', 'SlotsHandedBack', 'SlotLost')).toEqual(['SlotsAdopted', 'SlotsHandedBack']);
  expect(events(1, 'SlotsTaken', 'SlotsSurrendered')).toEqual(['SlotsTaken', 'SlotsSurrendered', 'SlotsTaken']);
  // The adopter takes each session over from the sleeper, once; nobody takes one back.
  expect(Math.max(...before.values())).toBe(1);
  expect([...takeOvers]).toEqual([...before]);
});
