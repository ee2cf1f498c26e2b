import type { CryptoKey, JSONWebKeySet, JWSHeaderParameters, LocalJWKSet } from 'jose';
import type { Log } from '../http/contract.ts';
import { ageOf } from './age.ts';

/** What there is to a key ID; `unavailable`: it may exist, but the keys cannot be fetched now. */
export type KeyLookup =
  | { readonly kind: 'key'; readonly key: CryptoKey }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

/** Where keys come from, and by which clock they age. */
export interface SigningKeysOptions {
  readonly url: URL;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

/** How often an authority is asked for its keys. */
export const SIGNING_KEY_PACE = {
  /** Keys are looked at anew this often, so that one that was withdrawn is not believed for long. */
  refreshMs: 3_600_000,
  /** Old keys serve this long while new ones cannot be fetched. */
  keepMs: 86_400_000,
  /** Tokens with key IDs that nobody knows cause no more than one look in this time. */
  cooldownMs: 30_000,
  retryMs: 5000,
  timeoutMs: 5000,
} as const;

interface Fetched {
  readonly keys: LocalJWKSet;
  readonly at: number;
}

type State =
  | { readonly kind: 'unseen' }
  | { readonly kind: 'fresh'; readonly fetched: Fetched }
  | { readonly kind: 'failing'; readonly fetched: Fetched | undefined; readonly triedAt: number };

/** The keys by which an authority signs, fetched when first needed; `find` never rejects. */
export function createSigningKeys(options: SigningKeysOptions): {
  find(header: JWSHeaderParameters): Promise<KeyLookup>;
} {
  const { url, now, log } = options;
  let state: State = { kind: 'unseen' };
  let pending: Promise<void> | undefined;

  function refresh(): Promise<void> {
    pending ??= look().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function look(): Promise<void> {
    try {
      state = { kind: 'fresh', fetched: { keys: await fetchKeys(options), at: now() } };
    } catch (error) {
      if (state.kind !== 'failing') log('SigningKeysUnavailable', { authority: url.origin, cause: causeOf(error) });
      state = { kind: 'failing', fetched: fetchedOf(state), triedAt: now() };
    }
  }

  async function find(header: JWSHeaderParameters): Promise<KeyLookup> {
    if (isOld(state, now()) && mayLook(state, now())) await refresh();
    let key = await keyFor(state, header, now());
    if (key === undefined && mayLook(state, now())) {
      await refresh();
      key = await keyFor(state, header, now());
    }
    if (key !== undefined) return { kind: 'key', key };
    return state.kind === 'fresh'
      ? { kind: 'unknown' }
      : { kind: 'unavailable', retryAfterSeconds: SIGNING_KEY_PACE.retryMs / 1000 };
  }

  return { find };
}

function fetchedOf(state: State): Fetched | undefined {
  return state.kind === 'unseen' ? undefined : state.fetched;
}

function mayLook(state: State, time: number): boolean {
  if (state.kind === 'unseen') return true;
  if (state.kind === 'fresh') return ageOf(state.fetched.at, time) >= SIGNING_KEY_PACE.cooldownMs;
  return ageOf(state.triedAt, time) >= SIGNING_KEY_PACE.retryMs;
}

function isOld(state: State, time: number): boolean {
  const fetched = fetchedOf(state);
  return fetched === undefined || ageOf(fetched.at, time) >= SIGNING_KEY_PACE.refreshMs;
}

async function keyFor(state: State, header: JWSHeaderParameters, time: number): Promise<CryptoKey | undefined> {
  const fetched = fetchedOf(state);
  if (fetched === undefined || ageOf(fetched.at, time) >= SIGNING_KEY_PACE.keepMs) return undefined;
  return fetched.keys(header).catch(() => undefined);
}

async function fetchKeys({ url, fetch }: SigningKeysOptions): Promise<LocalJWKSet> {
  const { createLocalJWKSet } = await import('jose');
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(SIGNING_KEY_PACE.timeoutMs),
  });
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return createLocalJWKSet((await response.json()) as JSONWebKeySet);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
