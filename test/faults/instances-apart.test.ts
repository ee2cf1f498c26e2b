import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import type { BrokerHooks } from '../../local/broker/hooks.ts';
import { inward, outward } from '../support/bridge-config.ts';
import { QUICK_TIMING } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import type { Frame } from '../support/frames.ts';
import { type Instance, QUICK_CLUSTER, startInstance, untilRunning } from '../support/instances.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { startEmbedded } from '../support/test-broker.ts';
import { startTwoWayLoad } from '../support/two-way-load.ts';

const RATE = 100;
/** The 30 s of the documents, for tests. */
const TAKEN_OVER_MS = 500;
const TIMING = { reconnect: { ...QUICK_TIMING.reconnect, takenOverMs: TAKEN_OVER_MS } };
/** An adopter that lost a slot to somebody unseen keeps away from it for longer than a test. */
const CLUSTER = { ...QUICK_CLUSTER, cooldownMs: 600_000 };
const ROUTES = [outward('a', 'up/a'), outward('b', 'up/b'), inward('c', 'down/a'), inward('d', 'down/b')];

/** What is the case for both brokers of a stage. */
interface Kind {
  readonly broker: 'embedded' | 'mosquitto';
  readonly protocol: 'v5' | 'v3';
}

/** A broker, and how often each client ID was connected while it still was. */
interface Watched {
  readonly port: number;
  readonly takeOvers: () => ReadonlyMap<string, number>;
}

interface BrokerNeeds {
  readonly hooks?: BrokerHooks;
  readonly acl?: string;
}

async function startWatched(
  scope: TestContext,
  kind: Kind['broker'],
  { hooks = {}, acl }: BrokerNeeds = {},
): Promise<Watched> {
  if (kind === 'embedded') {
    const { broker, port } = await startEmbedded(scope, { hooks });
    const lost: string[] = [];
    broker.events.on('disconnected', ({ clientId, cause }) => void (cause === 'taken-over' && lost.push(clientId)));
    return { port, takeOvers: () => countOf(lost) };
  }
  const config = acl === undefined ? '' : `acl_file ${await writeAcl(scope, acl)}`;
  const mosquitto = await startMosquitto(scope, { maxInflight: 100, config });
  const lost = () => [...mosquitto.log().matchAll(/Client (\S+) already connected/g)].map(([, clientId]) => clientId);
  return { port: mosquitto.port, takeOvers: () => countOf(lost()) };
}

async function writeAcl(scope: TestContext, acl: string): Promise<string> {
  const file = join(await createTempDir(scope, 'acl'), 'acl');
  await writeFile(file, acl);
  return file;
}

function countOf(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

/** Two instances that share four routes under load both ways. */
async function setStage(scope: TestContext, { broker, protocol }: Kind, needs?: BrokerNeeds) {
  const [local, remote] = await Promise.all([startWatched(scope, broker, needs), startWatched(scope, broker)]);
  const config = {
    local: local.port,
    remote: remote.port,
    routes: ROUTES,
    spec: { bridgeInstances: 2, protocol },
  };
  const start = (instance: number) =>
    startInstance(scope, config, instance, { timing: TIMING, clusterTiming: CLUSTER });
  const [first, second] = await Promise.all([start(0), start(1)]);
  const apart = [
    [first, '0'],
    [second, '1'],
  ] as const;
  await untilRunning(apart, ROUTES.length);
  const version = protocol === 'v5' ? 5 : 4;
  const { flows, end } = await startTwoWayLoad(scope, { ...config, names: ['a', 'b'], rate: RATE, version });
  /** Several times the pause after a take-over. */
  const later = () => flows(2);
  const mostTakeOvers = () => Math.max(0, ...local.takeOvers().values(), ...remote.takeOvers().values());
  return { first, second, apart, end, later, mostTakeOvers };
}

/** From now on an instance hears its own heartbeats only. */
function deafen({ local }: Instance, own: number): { readonly remove: () => void } {
  const topicOf = ({ bytes, start }: Frame) => bytes.toString('utf8', start + 2, start + 2 + bytes.readUInt16BE(start));
  return local.swallow('downstream', (frame) => {
    if (frame.command !== 'publish') return false;
    const topic = topicOf(frame);
    return topic.startsWith('mqttbridge/bridge/instances/') && !topic.endsWith(`/${own}`);
  });
}

const KINDS: readonly Kind[] = [
  { broker: 'embedded', protocol: 'v5' },
  { broker: 'mosquitto', protocol: 'v5' },
  { broker: 'mosquitto', protocol: 'v3' },
];

/** Brokers that do not say so let a fight go on until there is no doubt of it. */
const MOST_TAKE_OVERS = { embedded: 2, mosquitto: 10 };

describe.concurrent.for(KINDS)('two instances at $broker with $protocol', (kind) => {
  test('that reach the brokers but not each other settle, and lose nothing', { timeout: 60_000 }, async (scope) => {
    const { first, second, apart, end, later, mostTakeOvers } = await setStage(scope, kind);
    const deaf = [deafen(first, 0), deafen(second, 1)];
    const gaveUp = ({ bridge }: Instance) => bridge.events('SlotLost').length === 1;
    await eventually(() => gaveUp(first) && gaveUp(second), {
      deadlineMs: 30_000,
      describe: () => [first.bridge.log(), second.bridge.log()],
    });
    await untilRunning(apart);
    const settled = mostTakeOvers();
    expect(settled).toBeLessThanOrEqual(MOST_TAKE_OVERS[kind.broker]);
    await later();
    await untilRunning(apart);
    expect(mostTakeOvers()).toBe(settled);
    for (const { remove } of deaf) remove();
    await end({ allowDuplicates: true });
  });

  test('of which one loses its local broker only: its slot is adopted, and handed back', {
    timeout: 60_000,
  }, async (scope) => {
    const { first, second, apart, end, mostTakeOvers } = await setStage(scope, kind);
    await second.local.down();
    await untilRunning([[first, '0,1']]);
    await second.local.up();
    await untilRunning(apart);
    await end({ allowDuplicates: true });
    expect(mostTakeOvers()).toBeLessThanOrEqual(1);
    expect(second.bridge.events('SlotsSurrendered')).toHaveLength(1);
  });
});

const ALLOWED = 'topic readwrite up/#\ntopic readwrite down/#\n';

test.concurrent.for([
  { kind: KINDS[1], may: 'neither send nor hear', acl: ALLOWED },
  { kind: KINDS[1], may: 'not send', acl: `${ALLOWED}topic read mqttbridge/#\n` },
  { kind: KINDS[2], may: 'not hear', acl: `${ALLOWED}topic write mqttbridge/#\n` },
])(
  'instances that may $may heartbeats run their own slots, and nobody adopts',
  { timeout: 60_000 },
  async ({ kind, acl }, scope) => {
    const { first, second, apart, end, later, mostTakeOvers } = await setStage(scope, kind, { acl });
    const standings = [first, second].map(({ bridge }) => bridge.snapshot().instances?.standing);
    expect(standings).toEqual(['blind', 'blind']);
    await second.lose();
    first.remote.cutAll();
    await untilRunning([[first, '0']]);
    await Promise.all([second.local.up(), second.remote.up()]);
    await untilRunning(apart);
    await later();
    await end({ allowDuplicates: true });
    expect(mostTakeOvers()).toBe(0);
  },
);

test.concurrent('an instance whose heartbeats alone are refused keeps its slot after one fight', {
  timeout: 60_000,
}, async (scope) => {
  const onSubscribe: BrokerHooks['onSubscribe'] = ({ clientId }) =>
    clientId.startsWith('agent-bridge-instance-1-') ? { reasonCode: 0x87 } : undefined;
  const { second, apart, end, later, mostTakeOvers } = await setStage(scope, KINDS[0], { hooks: { onSubscribe } });
  expect(second.bridge.snapshot().instances?.standing).toBe('blind');
  const settled = mostTakeOvers();
  expect(settled).toBeLessThanOrEqual(2);
  await later();
  await untilRunning(apart);
  expect(mostTakeOvers()).toBe(settled);
  await end({ allowDuplicates: true });
});
