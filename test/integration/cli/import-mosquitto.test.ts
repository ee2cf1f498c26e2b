import { expect, test } from 'vitest';
import { connectEndClient } from '../../differential/end-client.ts';
import { prepareBridge } from '../../support/bridge-harness.ts';
import type { IncomingPublish } from '../../support/codec.ts';
import { eventually } from '../../support/eventually.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import type { Scope } from '../../support/scope.ts';
import { importOne } from '../../unit/cli/import/import-text.ts';

/** A section with what the importer has to think about: prefixes that go, come and change, both directions, lines that overlap. */
const section = (port: number) =>
  [
    'connection cloud',
    `address 127.0.0.1:${port}`,
    'bridge_protocol_version mqttv50',
    'cleansession false',
    'notifications false',
    // One number alone makes 2.0.11 wait 5 s and more.
    'restart_timeout 1 1',
    'topic sensors/# out 1 line/ factory/',
    'topic +/set in 1 "" plant/7/',
    'topic shared/# both 1',
    'topic alarm out 1 "" site-1/',
    'topic "" out 1 heart beat/site-1',
    'topic odd/+ in 1 pre/ x',
    'topic over/# out 1',
    'topic over/x out 1 "" site-1/',
    'topic over/+ out 1 "" site-2/',
    '',
  ].join('\n');

const LOCAL = [
  'line/sensors',
  'line/sensors/a',
  'line/sensors/a/b/c',
  'line/sensors//x',
  'line/other',
  'shared/l',
  'alarm',
  'heart',
  'heart/x',
  'over/x',
  'over/y',
  'over/y/z',
];
const REMOTE = ['plant/7/oven/set', 'plant/7/oven/get', 'shared/r', 'xodd/1', 'odd/1', 'factory/sensors/a'];

const EXPECTED = [
  'local oven/set',
  'local pre/odd/1',
  'local shared/r',
  'remote beat/site-1',
  'remote factory/sensors',
  'remote factory/sensors//x',
  'remote factory/sensors/a',
  'remote factory/sensors/a/b/c',
  'remote over/y/z',
  'remote shared/l',
  'remote site-1/alarm',
  'remote site-1/over/x',
  'remote site-2/over/y',
];

/** One topic for each route, and where it comes out. */
const PROBES = {
  local: ['line/sensors/probe', 'heart', 'alarm', 'shared/probe-l', 'over/x', 'over/probe', 'over/a/probe'],
  remote: ['plant/7/probe/set', 'xodd/probe', 'shared/probe-r'],
  arrive: [
    'local pre/odd/probe',
    'local probe/set',
    'local shared/probe-r',
    'remote beat/site-1',
    'remote factory/sensors/probe',
    'remote over/a/probe',
    'remote shared/probe-l',
    'remote site-1/alarm',
    'remote site-1/over/x',
    'remote site-2/over/probe',
  ],
};

/** Publishes everything at both ends, and returns what came out at the other ones, sorted. */
async function deliveries(scope: Scope, ports: { readonly local: number; readonly remote: number }): Promise<string[]> {
  const arrived: string[] = [];
  const connect = (side: 'local' | 'remote') =>
    connectEndClient(scope, ports[side], ({ topic, payload }: IncomingPublish) => {
      arrived.push(`${String(payload)} ${side} ${topic}`);
    });
  const [local, remote] = [await connect('local'), await connect('remote')];
  const publish = async (
    payload: string,
    there: { readonly local: readonly string[]; readonly remote: readonly string[] },
  ) => {
    const messages = (topics: readonly string[]) =>
      topics.map((topic) => ({ topic, payload: Buffer.from(payload), qos: 1 as const }));
    await Promise.all([local.publish(messages(there.local)), remote.publish(messages(there.remote))]);
  };
  const probed = (payload: string) => PROBES.arrive.every((probe) => arrived.includes(`${payload} ${probe}`));
  // What is published before a route has subscribed is carried by nobody, so the first round is repeated.
  await eventually(
    async () => {
      await publish('first', PROBES);
      return probed('first');
    },
    { deadlineMs: 20_000, describe: () => arrived },
  );
  await publish('message', { local: LOCAL, remote: REMOTE });
  // Routes keep the order: after the second round an echo of the first one has arrived too.
  for (const round of ['second', 'third']) {
    await publish(round, PROBES);
    await eventually(() => probed(round), { describe: () => arrived });
  }
  const prefix = 'message ';
  return arrived
    .filter((one) => one.startsWith(prefix))
    .map((one) => one.slice(prefix.length))
    .sort();
}

test("Mosquitto's bridge carries what is expected of this section", async (scope) => {
  const remote = await startMosquitto(scope);
  const local = await startMosquitto(scope, { bridges: [section(remote.port)] });
  const arrived = await deliveries(scope, { local: local.port, remote: remote.port });
  // It carries a message once for every line that matches it, remapped by the same one each time.
  expect([...new Set(arrived)]).toEqual(EXPECTED);
});

test('the agent with the imported resources carries the same, each message once', async (scope) => {
  const [local, remote] = [await startMosquitto(scope), await startMosquitto(scope)];
  const { yaml, errors } = importOne(`listener ${local.port}\n${section(remote.port)}`);
  expect(errors).toEqual([]);
  const { start } = await prepareBridge(scope, yaml);
  const agent = await start();
  await agent.ready();
  expect(await deliveries(scope, { local: local.port, remote: remote.port })).toEqual(EXPECTED);
});
