import { describe, expect, type TestContext, test } from 'vitest';
import { createEventGridEmulator } from '../../local/emulator/emulator.ts';
import { outward } from '../support/bridge-config.ts';
import { type Bridge, QUICK_TIMING, startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { explanationsOf } from '../support/explanations.ts';
import { startConsumer, startProducer } from '../support/load.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startEmbedded } from '../support/test-broker.ts';

/** The 30 s of the documents, for tests: a hundredth, and so is everything it is compared with. */
const TAKEN_OVER_MS = 300;
const TIMING = { reconnect: { ...QUICK_TIMING.reconnect, takenOverMs: TAKEN_OVER_MS }, tickMs: 10 };
const COUNT = 300;
const TAKE_OVERS = 4;

type Kind = 'emulator' | 'embedded' | 'mosquitto';

/** A broker, and when each CONNECT with a client ID came to it that ended another connection (monotonic milliseconds). */
interface Watched {
  readonly port: number;
  readonly takeOvers: () => readonly number[];
}

async function startWatched(scope: TestContext, kind: Kind, clientId: string): Promise<Watched> {
  const times: number[] = [];
  const takeOvers = () => times;
  switch (kind) {
    case 'mosquitto': {
      const mosquitto = await startMosquitto(scope, { maxInflight: 0 });
      const line = `Client ${clientId} already connected`;
      // Its log tells whole seconds only; how many there are is what counts.
      return {
        port: mosquitto.port,
        takeOvers: () =>
          mosquitto
            .log()
            .split(line)
            .slice(1)
            .map(() => 0),
      };
    }
    case 'emulator': {
      // Seconds are hundredths here, for the rates as well.
      const settings = { connectsPerSecond: 100, outboundMessagesPerSecond: 10_000, maximumQueuedMessages: 10_000 };
      const emulator = createEventGridEmulator({ settings });
      scope.onTestFinished(() => emulator.close());
      emulator.log.on((event) => {
        if (event.kind !== 'disconnected' || event.clientSessionName !== clientId) return;
        if (event.disconnectionReason === 'SessionTakenOver') times.push(performance.now());
      });
      return { port: (await emulator.listen()).port, takeOvers };
    }
    case 'embedded': {
      const { broker, port } = await startEmbedded(scope);
      broker.events.on('disconnected', (event) => {
        if (event.clientId === clientId && event.cause === 'taken-over') times.push(performance.now());
      });
      return { port, takeOvers };
    }
  }
}

/** Take-overs by this agent's rival, with what the agent did about it. */
const lossesOf = (bridge: Bridge) =>
  bridge
    .events('Disconnected')
    .filter(
      ({ side, reason }) => side === 'remote' && /^(SessionTakenOver|Connection|ClientIdConflict)/.test(String(reason)),
    );

describe('F10 - two agents with the same client IDs', () => {
  test.for([
    { kind: 'emulator', protocol: 'v5', says: true },
    { kind: 'embedded', protocol: 'v5', says: true },
    { kind: 'mosquitto', protocol: 'v5', says: false },
    { kind: 'embedded', protocol: 'v3', says: false },
    { kind: 'mosquitto', protocol: 'v3', says: false },
  ] as const)('do not fight over a session at $kind with $protocol, say so, and lose nothing', async (given, scope) => {
    const { kind, protocol, says } = given;
    const version = protocol === 'v5' ? 5 : 4;
    const local = await startWatched(scope, kind === 'emulator' ? 'embedded' : kind, 'agent-up');
    const remote = await startWatched(scope, kind, 'agent-up');
    const config = {
      local: local.port,
      remote: remote.port,
      routes: [outward('up', 'up/#')],
      spec: { protocol },
    };
    const above = await startConsumer(scope, {
      port: remote.port,
      version,
      clientId: 'above',
      filters: 'up/#',
      qos: 1,
    });
    const first = await startBridge(scope, config, { timing: TIMING });
    const second = await startBridge(scope, config, { timing: TIMING, unready: true });
    const up = startProducer(scope, {
      port: local.port,
      version,
      name: 'up',
      topics: ['up/a'],
      count: COUNT,
      rate: 500,
    });
    const conflicted = (bridge: Bridge) => explanationsOf(bridge, 'Disconnected').status.conditions.length > 0;
    await eventually(() => conflicted(first) && conflicted(second));
    const before = remote.takeOvers().length;
    await eventually(() => remote.takeOvers().length >= before + TAKE_OVERS);

    const { status, readyz, log } = explanationsOf(first, 'Disconnected');
    const reason = says ? 'SessionTakenOver' : 'ClientIdConflict';
    const cause = expect.stringMatching(/nother client uses (it too|the client ID "agent-up")/);
    const fix = 'spec.clientIdPrefix: agent-SITE';
    expect(status.conditions).toMatchObject([
      { type: 'ClientIdConflict', status: 'True', reason, message: cause, fix },
    ]);
    expect(readyz).toContain('[-]ClientIdConflict failed: ');
    expect(log.at(-1)).toMatchObject({ reason, msg: cause, fix });

    await Promise.all([up.done, first.stop()]);
    await above.received(COUNT);
    const delivery = checkDelivery(up.log.sent, above.log.received, { allowDuplicates: true });
    expect(delivery.lost, delivery.text).toEqual([]);
    await eventually(() => !conflicted(second));

    const gaps = remote.takeOvers().map((at, i, all) => at - (all[i - 1] ?? Number.NEGATIVE_INFINITY));
    if (says) for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(TAKEN_OVER_MS - 1);
    for (const bridge of [first, second]) {
      const losses = lossesOf(bridge);
      const known = losses.findIndex((loss) => loss['reason'] === reason);
      // Of a broker that says nothing it takes four closes in a row to know.
      expect(known).toBeLessThanOrEqual(says ? 0 : 3);
      for (const loss of losses.slice(known)) {
        expect(loss['reason']).toBe(reason);
        expect(loss['nextDelayMs']).toBeGreaterThanOrEqual(TAKEN_OVER_MS - 1);
      }
    }
  });
});
