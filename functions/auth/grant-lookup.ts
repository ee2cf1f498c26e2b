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
  /** Of sites that have no grants as far as is known: unproven credentials may name any number of them. */
  readsPerSecond: 500,
  /** Remembered of those with grants, and of those without. */
  sites: 10_000,
} as const;

const RETRY_SECONDS = 5;

/** A read of the store, under way or done. */
interface Reading {
  readonly startedAt: number;
  readonly found: Promise<GrantsFound>;
}

/**
 * Remembers the grants of each site, by one read of the store for all callers of the site. Names that turn out to have no
 * grants neither push out sites that have some, nor use up what those may read.
 */
export function createGrantLookup(
  store: GrantStore,
  now: () => number,
  limit: Limit = createRateLimit({ perSecond: GRANT_PACE.readsPerSecond, now }),
): GrantLookup {
  const known = new Map<string, Reading>();
  const strangers = new Map<string, Reading>();
  const readingOf = (site: string) => known.get(site) ?? strangers.get(site);

  function read(site: string): Reading {
    const isKnown = known.has(site);
    const reading = { startedAt: now(), found: list(site, isKnown) };
    keep(isKnown ? known : strangers, site, reading);
    void sortIn(site, reading);
    return reading;
  }

  async function list(site: string, isKnown: boolean): Promise<GrantsFound> {
    const admission = isKnown ? undefined : limit('grants');
    if (admission?.kind === 'refused') return { ...admission, kind: 'unavailable' };
    try {
      return { kind: 'found', grants: await store.list(site) };
    } catch {
      return { kind: 'unavailable', retryAfterSeconds: RETRY_SECONDS };
    }
  }

  async function sortIn(site: string, reading: Reading): Promise<void> {
    const found = await reading.found;
    if (readingOf(site) !== reading) return;
    if (found.kind === 'unavailable') {
      // The next one reads again; a known site stays known.
      if (!strangers.delete(site)) keep(known, site, { ...reading, startedAt: Number.NEGATIVE_INFINITY });
      return;
    }
    const [here, there] = found.grants.length > 0 ? [known, strangers] : [strangers, known];
    there.delete(site);
    keep(here, site, reading);
  }

  async function find(site: string, pick: PickGrants): Promise<GrantsFound> {
    const kept = readingOf(site);
    const age = kept === undefined ? Number.POSITIVE_INFINITY : ageOf(kept.startedAt, now());
    const first = kept !== undefined && age < GRANT_PACE.keptMs ? await picked(kept, pick) : undefined;
    if (first !== undefined && (isSome(first) || age < GRANT_PACE.lookAgainMs)) return first;
    // Somebody else may have begun to read while this one waited.
    const newer = readingOf(site);
    return picked(newer === undefined || newer === kept ? read(site) : newer, pick);
  }

  function forget(site: string): void {
    const reading = known.get(site);
    if (reading !== undefined) known.set(site, { ...reading, startedAt: Number.NEGATIVE_INFINITY });
    strangers.delete(site);
  }

  return { find, store: forgetting(store, forget) };
}

function keep(sites: Map<string, Reading>, site: string, reading: Reading): void {
  sites.delete(site);
  sites.set(site, reading);
  const [oldest] = sites.size > GRANT_PACE.sites ? sites.keys() : [];
  if (oldest !== undefined) sites.delete(oldest);
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
