/** How often a key vault is looked at, in milliseconds. */
export interface VaultPace {
  /** Between two looks, a tenth more or less. */
  readonly everyMs: number;
  /** Before an opened connection, when the last look is older than this. */
  readonly freshMs: number;
  /** For how long an opened connection waits for that look while it has a certificate. */
  readonly waitMs: number;
  /** Bound of the first pause after a failed look; it doubles up to `everyMs`. */
  readonly retryMs: number;
}

export const DEFAULT_VAULT_PACE: VaultPace = {
  everyMs: 900_000,
  freshMs: 60_000,
  waitMs: 2_000,
  retryMs: 30_000,
};

/** The shortest pause, however soon the certificate ends. */
const LEAST_MS = 10_000;

/** What the time of the next look depends on; times in milliseconds since 1970. */
export interface NextLook {
  readonly now: number;
  /** When the certificate in use ends. */
  readonly endsAt: number;
  /** How many looks in a row failed. */
  readonly failed: number;
  /** Until when the vault wants to be left alone. */
  readonly notBefore: number;
  /** In [0, 1). */
  readonly random: number;
}

/** When to look at the vault again, in milliseconds since 1970: at the pace, and sooner when little is left of the certificate. */
export function nextLookAt({ now, endsAt, failed, notBefore, random }: NextLook, pace: VaultPace): number {
  const { everyMs, retryMs } = pace;
  if (failed > 0) {
    const bound = Math.min(everyMs, retryMs * 2 ** Math.min(failed - 1, 30));
    return Math.max(notBefore, now + bound * (0.5 + random / 2));
  }
  const regular = everyMs * (0.9 + random / 5);
  const left = endsAt - now;
  return now + Math.min(regular, Math.max(LEAST_MS, left / 2));
}
