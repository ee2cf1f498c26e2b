import { expect, type TestContext, test } from 'vitest';
import { inward } from '../support/bridge-config.ts';
import { type BridgeOptions, startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { QUICK_CLUSTER } from '../support/instances.ts';
import { connectionOf, type RawConnection, startRawBroker } from '../support/raw-broker.ts';
import { connectRawClient } from '../support/raw-client.ts';
import { startEmbedded } from '../support/test-broker.ts';

const ID = 7;

/** A message is at its target but not acknowledged there when its session is lost in a way of the test. */
async function setStage(scope: TestContext, options: BridgeOptions) {
  const remote = await startRawBroker(scope, { connack: { sessionPresent: true } });
  const local = await startEmbedded(scope, { hooks: { onPuback: () => 'swallow' } });
  const config = { local: local.port, remote: remote.port, routes: [inward('in', 'in/#')] };
  const bridge = await startBridge(scope, config, { unready: true, ...options });
  await eventually(() => bridge.snapshot().routes.length === 1);
  await bridge.allReady();
  const sink = await connectRawClient(scope, { port: local.port, clientId: 'sink' });
  await sink.subscribe('in/#');
  const before = await connectionOf(remote, 'agent-in');
  before.publish({ topic: 'in/a', payload: 'first', qos: 1 }, ID);
  await sink.received(1);
  /** The same packet identifier, sent once more on the next connection. */
  const again = async (payload: string) => {
    const next: RawConnection = await connectionOf(remote, 'agent-in', 1);
    next.publish({ topic: 'in/a', payload, qos: 1, dup: true }, ID);
    next.publish({ topic: 'in/a', payload: 'last', qos: 1 }, ID + 1);
    await eventually(() => sink.messages.at(-1)?.payload.toString() === 'last');
    return sink.messages.map((message) => message.payload.toString());
  };
  return { before, again };
}

test.concurrent('what another client left unacknowledged under an identifier of ours is not taken for ours', async (scope) => {
  const { before, again } = await setStage(scope, {});
  before.send({ cmd: 'disconnect', reasonCode: 0x8e });
  expect(await again('of another time')).toEqual(['first', 'of another time', 'last']);
});

test.concurrent('an instance takes nothing for its own after a cut, since another one may have had the session', async (scope) => {
  const { before, again } = await setStage(scope, { instance: 0, clusterTiming: QUICK_CLUSTER });
  before.drop();
  expect(await again('of another time')).toEqual(['first', 'of another time', 'last']);
});

test.concurrent('a process that runs alone does not repeat after a cut what is still on its way', async (scope) => {
  const { before, again } = await setStage(scope, {});
  before.drop();
  expect(await again('first')).toEqual(['first', 'last']);
});
