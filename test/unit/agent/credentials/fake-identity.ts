import { setImmediate } from 'node:timers/promises';
import type { AccessToken, TokenSource } from '../../../../agent/session/credentials/token-source.ts';
import { createManualClock, type ManualClock } from '../../../integration/broker/support/manual-clock.ts';

/** What a test sees and says of an identity. */
export interface FakeIdentity {
  readonly clock: ManualClock;
  /** For the agent: keeps a token until 300 s before its end, as the identity library does for the whole process. */
  readonly open: () => Promise<TokenSource>;
  /** Tokens handed out that differ from the one before. */
  readonly issued: () => number;
  readonly opened: () => number;
  readonly calls: () => number;
  /** The answer to the next calls instead of a token. */
  answer: (() => Promise<AccessToken | null>) | undefined;
}

const CACHED_UNTIL_MS = 300_000;

/** An identity whose tokens are `token-1`, `token-2`, … and live so many seconds by a clock that the test advances. */
export function createFakeIdentity(lifetimeSeconds = 600): FakeIdentity {
  const clock = createManualClock();
  const counts = { issued: 0, opened: 0, calls: 0 };
  let cached: AccessToken | undefined;
  const fake: FakeIdentity = {
    clock,
    issued: () => counts.issued,
    opened: () => counts.opened,
    calls: () => counts.calls,
    answer: undefined,
    async open() {
      counts.opened++;
      return { getToken };
    },
  };
  async function getToken(): Promise<AccessToken | null> {
    counts.calls++;
    if (fake.answer !== undefined) return fake.answer();
    if (cached === undefined || cached.expiresOnTimestamp - CACHED_UNTIL_MS <= clock.now()) {
      const expiresOnTimestamp = clock.now() + lifetimeSeconds * 1_000;
      cached = { token: `token-${++counts.issued}`, expiresOnTimestamp };
    }
    return cached;
  }
  return fake;
}

const STEP_MS = 5_000;

/** Advances in steps shorter than any time-out, so that what an alarm begins can end before the next. */
export async function advanceBy(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= STEP_MS) {
    clock.advance(Math.min(left, STEP_MS));
    await settle();
  }
}

/** Lets everything run that waits for no input. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}
