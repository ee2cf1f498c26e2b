import { createRateLimit } from '../http/rate-limit.ts';
import type { Grant, GrantStore } from '../store/store.ts';
import { ageOf } from './age.ts';
import type { Limit } from './authorize-port.ts';

/** What there is of grants; `unavailable`: that cannot be found out now. */
export type GrantsFound =
  | { readonly kind: 'found'; readonly grants: readonly Grant[] }
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number };

/** Chooses among all grants of a site. */
export type PickGrants = (grants: readonly Grant[]) => readonly Grant[];

/** Grants as authentication sees them. */
export interface GrantLookup {
  /** What `pick` takes of the grants of a site; where it takes none, it may be asked again with newer ones. Never rejects. */
  find(site: string, pick: PickGrants): Promise<GrantsFound>;
  /** The store itself; what is changed through it counts at once in this process. */
  readonly store: GrantStore;
}

/** How often the store is asked. */
export const GRANT_PACE = {
  /** A process goes by what it read of a site's grants for this long: a removed grant may work on until then. */
  keptMs: 300_000,
  /** Where no grant fits, the site is read again after this long, so that a new grant works soon everywhere. */
  lookAgainMs: 5000,
  /** For all that ask: unproven credentials may name any number of sites. */
  readsPerSecond: 500,
  sites: 10_000,
} as const;

const RETRY_SECONDS = 5;

/** A read of the store, under way or done. */
interface Reading {
  readonly startedAt: number;
  readonly found: Promise<GrantsFound>;
}

/** Remembers the grants of each site, by one read of the store for all callers of the site. */
export function createGrantLookup(
  store: GrantStore,
  now: () => number,
  limit: Limit = createRateLimit({ perSecond: GRANT_PACE.readsPerSecond, now }),
): GrantLookup {
  const readings = new Map<string, Reading>();

  function read(site: string): Reading {
    const reading = { startedAt: now(), found: list(site) };
    readings.delete(site);
    readings.set(site, reading);
    const [oldest] = readings.size > GRANT_PACE.sites ? readings.keys() : [];
    if (oldest !== undefined) readings.delete(oldest);
    void forgetFailure(site, reading);
    return reading;
  }

  async function forgetFailure(site: string, reading: Reading): Promise<void> {
    const { kind } = await reading.found;
    if (kind === 'unavailable' && readings.get(site) === reading) readings.delete(site);
  }

  async function list(site: string): Promise<GrantsFound> {
    const admission = limit('grants');
    if (admission.kind === 'refused') return { ...admission, kind: 'unavailable' };
    try {
      return { kind: 'found', grants: await store.list(site) };
    } catch {
      return { kind: 'unavailable', retryAfterSeconds: RETRY_SECONDS };
    }
  }

  async function find(site: string, pick: PickGrants): Promise<GrantsFound> {
    const kept = readings.get(site);
    const age = kept === undefined ? Number.POSITIVE_INFINITY : ageOf(kept.startedAt, now());
    const first = kept !== undefined && age < GRANT_PACE.keptMs ? await picked(kept, pick) : undefined;
    if (first !== undefined && (isSome(first) || age < GRANT_PACE.lookAgainMs)) return first;
    // Somebody else may have begun to read while this one waited.
    const newer = readings.get(site);
    return picked(newer === undefined || newer === kept ? read(site) : newer, pick);
  }

  return { find, store: forgetting(store, (site) => readings.delete(site)) };
}

async function picked({ found }: Reading, pick: PickGrants): Promise<GrantsFound> {
  const all = await found;
  return all.kind === 'found' ? { kind: 'found', grants: pick(all.grants) } : all;
}

function isSome(found: GrantsFound): boolean {
  return found.kind === 'found' && found.grants.length > 0;
}

function forgetting(store: GrantStore, forget: (site: string) => void): GrantStore {
  const thenForget = <T>(site: string, change: Promise<T>): Promise<T> => change.finally(() => forget(site));
  return {
    read: (site, id) => store.read(site, id),
    list: (site) => store.list(site),
    create: (site, grant) => thenForget(site, store.create(site, grant)),
    remove: (site, id) => thenForget(site, store.remove(site, id)),
    removeSite: (site) => thenForget(site, store.removeSite(site)),
  };
}
