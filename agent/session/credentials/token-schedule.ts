/** When a token was got and when it ends; all in milliseconds since 1970. */
export interface TokenLife {
  readonly obtainedAt: number;
  readonly expiresAt: number;
  /** From here on the identity library fetches the next token while it still answers with this one. */
  readonly refreshAt?: number | undefined;
}

/** The identity library answers with the token it has until this long before its end. */
const CACHED_UNTIL_MS = 300_000;
/** Spreads agents that started together; what is left to a token's end is for attempts that fail. */
const JITTER_MS = 240_000;
/** The library compares whole seconds. */
const REFRESH_MARGIN_MS = 1_000;
const FIRST_RETRY_MS = 1_000;
const MOST_RETRY_MS = 60_000;

/** What the next request for a token depends on. */
export interface TokenRequest {
  readonly life: TokenLife;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How many requests in a row failed, or brought the token that is in use already. */
  readonly fruitless: number;
  /** In [0, 1). */
  readonly random: number;
}

/** When to ask for the next token, in milliseconds since 1970. */
export function nextRequestAt({ life, now, fruitless, random }: TokenRequest): number {
  if (fruitless > 0) {
    const bound = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(fruitless - 1, 30));
    return now + bound * (0.5 + random / 2);
  }
  const { obtainedAt, expiresAt, refreshAt } = life;
  if (refreshAt !== undefined) return refreshAt + REFRESH_MARGIN_MS;
  const cacheEnds = expiresAt - CACHED_UNTIL_MS;
  // A token too short-lived for the cache: half of its life is left for attempts that fail.
  if (cacheEnds <= obtainedAt) return obtainedAt + (expiresAt - obtainedAt) / 2;
  return cacheEnds + random * JITTER_MS;
}
