import { expect, type TestContext, test } from 'vitest';
import { type BridgeConfig, inward, outward } from '../support/bridge-config.ts';
import { eventually } from '../support/eventually.ts';
import { countTakeOvers, type Instance, startInstance, untilRunning } from '../support/instances.ts';
import { startEmbedded } from '../support/test-broker.ts';
import { startTwoWayLoad } from '../support/two-way-load.ts';

type RemoteSessions = 'perRoute' | 'perInstance';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const LANES = 2 * NAMES.length;
const RATE = 100;

/** Load both ways, and one connector of which instances can be started with any number of slots. */
async function setStage(scope: TestContext, remoteSessions: RemoteSessions) {
  const [local, remote] = await Promise.all([startEmbedded(scope), startEmbedded(scope)]);
  const takeOvers = countTakeOvers({ local, remote });
  const of = (bridgeInstances: number) => ({
    local: local.port,
    remote: remote.port,
    routes: NAMES.flatMap((name) => [outward(`up-${name}`, `up/${name}`), inward(`down-${name}`, `down/${name}`)]),
    spec: { remoteSessions, bridgeInstances } satisfies BridgeConfig['spec'],
  });
  const start = (instance: number, slots: number) => startInstance(scope, of(slots), instance);
  const write = (slots: number, instances: readonly Instance[]) =>
    Promise.all(instances.map(({ bridge }) => bridge.write(of(slots))));
  const load = () => startTwoWayLoad(scope, { local: local.port, remote: remote.port, names: NAMES, rate: RATE });
  const sessions = () =>
    [local, remote]
      .flatMap(({ broker }) => broker.sessions().map(({ clientId }) => clientId))
      .filter((clientId) => clientId.startsWith('agent-') && !clientId.includes('-instance-'))
      .sort();
  /** The sessions of one slot alone are left, in order, at both brokers. */
  const only = (wanted: readonly string[]) =>
    eventually(() => sessions().join() === wanted.join(), { deadlineMs: 20_000, describe: () => [sessions(), wanted] });
  return { start, write, load, sessions, only, takeOvers };
}

type Stage = Awaited<ReturnType<typeof setStage>>;

interface Way {
  readonly name: string;
  readonly up: (stage: Stage, first: Instance) => Promise<readonly [Instance, Instance]>;
  readonly down: (stage: Stage, all: readonly [Instance, Instance, Instance]) => Promise<unknown>;
  /** Messages in flight at an instance that dies come twice. */
  readonly repeats: boolean;
}

const WAYS: readonly Way[] = [
  {
    name: 'document before the processes',
    async up({ start, write }, first) {
      await write(3, [first]);
      return [await start(1, 3), await start(2, 3)];
    },
    async down({ write }, all) {
      await write(1, all);
      await untilRunning([
        [all[0], '0'],
        [all[1], ''],
        [all[2], ''],
      ]);
      await all[2].bridge.stop();
      await all[1].bridge.stop();
    },
    repeats: false,
  },
  {
    name: 'processes before the document',
    async up({ start, write }, first) {
      const [second, third] = [await start(1, 1), await start(2, 1)];
      await untilRunning([
        [first, '0'],
        [second, ''],
        [third, ''],
      ]);
      await write(3, [third, second, first]);
      return [second, third];
    },
    async down({ write }, [first, second, third]) {
      await third.bridge.stop();
      await second.bridge.stop();
      await write(1, [first]);
    },
    repeats: false,
  },
  {
    name: 'everything at once',
    async up({ start, write }, first) {
      const [second, third] = await Promise.all([start(1, 3), start(2, 3), write(3, [first])]);
      return [second, third];
    },
    down: ({ write }, [first, second, third]) =>
      Promise.all([write(1, [first]), second.bridge.stop(), third.bridge.stop()]),
    repeats: false,
  },
  {
    name: 'one killed before the document reaches it, one after',
    async up({ start, write }, first) {
      const second = await start(1, 3);
      await write(3, [first]);
      return [second, await start(2, 3)];
    },
    async down({ write }, [first, second, third]) {
      const written = write(1, [first, third]);
      await third.lose();
      await second.lose();
      await written;
    },
    repeats: true,
  },
];

const CASES = (['perRoute', 'perInstance'] as const).flatMap((mode) => WAYS.map((way) => ({ ...way, mode })));

test.for(CASES)(
  'scaling from one instance to three and back under load loses nothing: $mode, $name',
  { timeout: 90_000 },
  async ({ mode, up, down, repeats }, scope) => {
    const stage = await setStage(scope, mode);
    const { start, load, only, sessions, takeOvers } = stage;
    const first = await start(0, 1);
    await untilRunning([[first, '0']], LANES);
    const before = sessions();
    const { end } = await load();
    const [second, third] = await up(stage, first);
    await untilRunning(
      [
        [first, '0'],
        [second, '1'],
        [third, '2'],
      ],
      LANES,
    );
    await down(stage, [first, second, third]);
    await untilRunning([[first, '0']], LANES);
    await only(before);
    // A route that comes to another slot is read in two sessions for a moment.
    await end({ allowDuplicates: repeats || mode === 'perInstance', ignoreOrder: mode === 'perInstance' });
    expect([...takeOvers]).toEqual([]);
  },
);

test.for(['perRoute', 'perInstance'] as const)(
  'scaling while the remote broker is away loses nothing of what waits there: %s',
  { timeout: 90_000 },
  async (mode, scope) => {
    const { start, write, load, takeOvers } = await setStage(scope, mode);
    const first = await start(0, 1);
    await untilRunning([[first, '0']], LANES);
    const { flows, end } = await load();
    await flows();
    const down = first.remote.down();
    const [second, third] = await Promise.all([start(1, 3), start(2, 3)]);
    await Promise.all([down, second.remote.down(), third.remote.down()]);
    await write(3, [first]);
    const all = [first, second, third];
    await eventually(() => all.map(({ slots }) => slots()).join() === '0,1,2', { deadlineMs: 20_000 });
    await Promise.all(all.map(({ remote }) => remote.up()));
    await flows();
    await untilRunning(
      [
        [first, '0'],
        [second, '1'],
        [third, '2'],
      ],
      LANES,
    );
    await end({ allowDuplicates: true, ignoreOrder: mode === 'perInstance' });
    expect([...takeOvers]).toEqual([]);
  },
);
