import { setTimeout as delay } from 'node:timers/promises';
import type { SessionParts } from './session-parts.ts';

/** When a session may send CONNECT. */
export interface Admission {
  /** Milliseconds until the broker allows the next CONNECT of this client ID. */
  readonly spacingMs: number;
  /** Resolves when the broker allows it. */
  spaced(): Promise<void>;
  /** Resolves when no other instance can have the session and the broker allows it, or when it is not `wanted` any more. */
  granted(wanted: () => boolean): Promise<void>;
}

const POLL_MS = 20;

/** The admission of one session. */
export function createAdmission({
  plan,
  profile,
  spacing,
  cleared,
}: Pick<SessionParts, 'plan' | 'profile' | 'spacing' | 'cleared'>): Admission {
  const spacingMs = () => spacing.wait(plan.key, profile.connectSpacingMs);
  const spaced = async () => {
    // A timer may come early by a fraction of a millisecond.
    while (spacingMs() > 0) await delay(spacingMs(), undefined, { ref: false });
  };
  return {
    get spacingMs() {
      return spacingMs();
    },
    spaced,
    async granted(wanted) {
      while (wanted() && (!cleared() || spacingMs() > 0)) {
        await delay(Math.max(POLL_MS, spacingMs()), undefined, { ref: false });
      }
    },
  };
}
