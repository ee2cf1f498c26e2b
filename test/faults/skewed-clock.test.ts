import { describe, expect, type TestContext, test } from 'vitest';
import type { TokenSource } from '../../agent/session/credentials/token-source.ts';
import type { WallClock } from '../../agent/session/credentials/wall-clock.ts';
import type { Authenticator } from '../../local/emulator/authentication/authenticator.ts';
import { createManualClock, type ManualClock } from '../integration/broker/support/manual-clock.ts';
import { inward, outward } from '../support/bridge-config.ts';
import { startBridge } from '../support/bridge-harness.ts';
import { eventually } from '../support/eventually.ts';
import { startInside } from '../support/remote.ts';
import { startEmbedded } from '../support/test-broker.ts';
import { advanceBy } from '../unit/agent/credentials/fake-identity.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const CACHED_UNTIL_MS = 300_000;

/** The date of the agent's machine: the true one and what it is off by. */
interface AgentClock extends WallClock {
  skewMs: number;
}

function createAgentClock(truth: ManualClock, skewMs: number): AgentClock {
  const clock: AgentClock = {
    skewMs,
    now: () => truth.now() + clock.skewMs,
    after: (ms, action) => truth.after(ms, action),
  };
  return clock;
}

/** Tokens of an hour by the true time; kept, as the identity library keeps them, by the date of the agent's machine. */
function createLibrary(truth: ManualClock, agent: WallClock): TokenSource {
  let kept: { readonly token: string; readonly expiresOnTimestamp: number } | undefined;
  return {
    async getToken() {
      if (kept === undefined || kept.expiresOnTimestamp - CACHED_UNTIL_MS <= agent.now()) {
        const expiresOnTimestamp = truth.now() + HOUR_MS;
        kept = { token: `${expiresOnTimestamp}`, expiresOnTimestamp };
      }
      return kept;
    },
  };
}

/** Takes those tokens until they end, by the true time. */
function tokensAt(truth: ManualClock): Authenticator {
  return ({ data }) => {
    const expiresAt = Number(data);
    if (expiresAt <= truth.now()) return { kind: 'unknown', reasonCode: 0x87, detail: 'ended' };
    return { kind: 'known', name: 'agent', attributes: {}, expiresAt };
  };
}

type Stage = Awaited<ReturnType<typeof setStage>>;

async function setStage(scope: TestContext, skewMs: number) {
  // Not at 1970, so that a clock may go back.
  const truth = createManualClock();
  truth.advance(10 * DAY_MS);
  const clock = createAgentClock(truth, skewMs);
  const library = createLibrary(truth, clock);
  const settings = { maximumKeepAlive: 65_535 };
  const remote = await startInside(scope, 'eventgrid', {
    settings,
    clock: truth,
    wallClock: () => truth.now(),
    authenticator: tokensAt(truth),
  });
  const local = await startEmbedded(scope);
  const authentication = { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } };
  const bridge = await startBridge(
    scope,
    {
      local: local.port,
      remote: { ...remote.side(), authentication },
      routes: [outward('up', 'up/#'), inward('down', 'down/#')],
      // Event Grid's time runs ahead of that by which the agent pings.
      spec: { session: { keepAliveSeconds: 65_535 } },
    },
    { identity: { open: async () => library, clock } },
  );
  return { truth, clock, bridge };
}

/** True time passes as long as the agent is connected without a break. */
async function passConnected({ truth, bridge }: Stage, ms: number): Promise<void> {
  await advanceBy(truth, ms);
  expect(bridge.session('remote')).toMatchObject({ epoch: 1, state: 'connected', disconnects: {} });
}

describe('F29 - a machine whose clock is wrong', () => {
  test.for([
    ['ten minutes fast', 10 * MINUTE_MS],
    ['right', 0],
    ['half a minute slow', -MINUTE_MS / 2],
  ] as const)('%s keeps its connection to Event Grid over the ends of its tokens', async ([, skewMs], scope) => {
    const stage = await setStage(scope, skewMs);
    await passConnected(stage, 4 * HOUR_MS);
    expect(stage.bridge.events('Reauthenticated').length).toBeGreaterThanOrEqual(4);
  });

  test('ten minutes slow loses it when a token ends, and is back as soon as its identity library asks for the next', async (scope) => {
    const stage = await setStage(scope, -10 * MINUTE_MS);
    const { truth, bridge } = stage;
    await passConnected(stage, HOUR_MS - MINUTE_MS);
    await advanceBy(truth, 2 * MINUTE_MS);
    await eventually(() => bridge.session('remote').connects['NotAuthorized']);
    expect(bridge.session('remote').disconnects).toEqual({ NotAuthorized: 1 });
    await advanceBy(truth, 5 * MINUTE_MS);
    await bridge.allReady();
    expect(bridge.session('remote')).toMatchObject({ sessionLost: 0 });
  });

  test.for([DAY_MS, -DAY_MS])('that jumps by %i ms and back is not noticed at Event Grid', async (jumpMs, scope) => {
    const stage = await setStage(scope, 0);
    await passConnected(stage, 20 * MINUTE_MS);
    stage.clock.skewMs = jumpMs;
    await passConnected(stage, 20 * MINUTE_MS);
    stage.clock.skewMs = 0;
    await passConnected(stage, 3 * HOUR_MS);
    expect(stage.bridge.events('Reauthenticated').length).toBeGreaterThanOrEqual(3);
  });

  test('by a day when a token ends says so, and is back when the clock is set right', async (scope) => {
    const stage = await setStage(scope, 0);
    const { truth, clock, bridge } = stage;
    clock.skewMs = -DAY_MS;
    await advanceBy(truth, HOUR_MS + MINUTE_MS);
    await eventually(() => bridge.session('remote').fault?.reason === 'NotAuthorized');
    clock.skewMs = DAY_MS;
    await eventually(() => (truth.advance(1_000), bridge.session('remote').fault?.reason === 'TokenExpired'));
    expect(bridge.session('remote').fault?.message).toContain('set the clock');
    clock.skewMs = 0;
    await eventually(() => (truth.advance(1_000), bridge.session('remote').state === 'connected'));
    await bridge.allReady();
  });
});
