import type { ApiResponse, Deps } from './contract.ts';
import { problemResponse } from './problems.ts';
import type { BridgeStore, JsonObject, SiteChange, SiteHead } from '../store/store.ts';
import { siteState, type SiteState } from './site-state.ts';

/** What to do with a site as it is: answer without a change, or try a change and then answer. */
export interface Step {
  readonly change?: SiteChange;
  readonly response: ApiResponse;
}

/** How often a change is computed anew because somebody else changed the site in between. */
const MAX_ATTEMPTS = 25;

/** Changes of each site that this process works on, one after the other: they would only get in each other's way. */
const queues = new WeakMap<BridgeStore, Map<string, Promise<unknown>>>();

/** Reads a site with all of its documents. */
export async function readSite(bridges: BridgeStore, site: string): Promise<SiteState> {
  const head = await bridges.readHead(site);
  const documents = await documentsOf(bridges, head);
  if (head?.entries.every(({ hash }) => documents.has(hash)) !== false) return siteState(head, documents);
  // The site was deleted in between, or a document is lost for good, which is for `siteState` to say.
  const again = await bridges.readHead(site);
  return siteState(again, await documentsOf(bridges, again));
}

async function documentsOf(bridges: BridgeStore, head: SiteHead | undefined): Promise<ReadonlyMap<string, JsonObject>> {
  const hashes = [...new Set(head?.entries.map(({ hash }) => hash))];
  return head === undefined || hashes.length === 0 ? new Map() : bridges.readDocuments(head.site, hashes);
}

/**
 * Changes a site as `step` says for the state it is given; computed anew whenever somebody else was faster, so that
 * conditions are checked against what is replaced.
 */
export async function changeSite(
  { stores: { bridges }, trigger }: Deps,
  site: string,
  step: (state: SiteState) => Step,
): Promise<ApiResponse> {
  const { response, changed } = await inTurn(bridges, site, () => attempt(bridges, site, step));
  if (changed) {
    await trigger.ensure(site);
    await trigger.hint(site);
  }
  return response;
}

interface Outcome {
  readonly response: ApiResponse;
  readonly changed: boolean;
}

async function attempt(bridges: BridgeStore, site: string, step: (state: SiteState) => Step): Promise<Outcome> {
  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
    const state = await readSite(bridges, site);
    const { change, response } = step(state);
    if (change === undefined) return { response, changed: false };
    if (state.head === undefined) await bridges.register(site);
    const { kind } = await bridges.commit(site, change, state.head?.tag);
    if (kind === 'committed') return { response, changed: true };
  }
  const detail = 'others change this site all the time';
  return { response: problemResponse('unavailable', { detail, headers: { 'retry-after': '1' } }), changed: false };
}

async function inTurn<T>(bridges: BridgeStore, site: string, work: () => Promise<T>): Promise<T> {
  const queue = queues.get(bridges) ?? new Map<string, Promise<unknown>>();
  queues.set(bridges, queue);
  const before = queue.get(site) ?? Promise.resolve();
  const mine = before.then(work, work);
  queue.set(site, mine);
  try {
    return await mine;
  } finally {
    if (queue.get(site) === mine) queue.delete(site);
  }
}
