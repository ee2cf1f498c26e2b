import type { Collection } from '../../shared/api/names.ts';
import { UsageError } from '../usage-error.ts';

/** What `get` lists. */
export type Listing = Collection | 'sites' | 'grants' | 'all';

const ALIASES: Readonly<Record<Listing, readonly string[]>> = {
  connectors: ['connectors', 'connector', 'mbc', 'mqttbridgeconnectors', 'mqttbridgeconnector'],
  topicmaps: ['topicmaps', 'topicmap', 'mbtm', 'mqttbridgetopicmaps', 'mqttbridgetopicmap'],
  sites: ['sites', 'site'],
  grants: ['grants', 'grant', 'keys', 'key'],
  all: ['all'],
};

/** What a word of the command line stands for; throws UsageError. */
export function listingOf(word: string): Listing {
  const found = (Object.keys(ALIASES) as Listing[]).find((listing) => ALIASES[listing].includes(word.toLowerCase()));
  if (found === undefined)
    throw new UsageError(`there is no kind "${word}"`, 'connectors, topicmaps, all, sites or grants');
  return found;
}

/** The collection that a word of the command line stands for; throws UsageError. */
export function collectionOf(word: string): Collection {
  const listing = listingOf(word);
  if (listing === 'connectors' || listing === 'topicmaps') return listing;
  throw new UsageError(`"${word}" is not a kind of resource`, 'connector or topicmap');
}

/** A resource as kubectl names it: `mqttbridgeconnector/my-mqtt-bridge`. */
export function resourceLabel(kind: string, name: string): string {
  return `${kind.toLowerCase()}/${name}`;
}

/** Kind and name given as `KIND NAME` or `KIND/NAME`; either may be missing. */
export function splitOperands(first?: string, second?: string): { readonly kind?: string; readonly name?: string } {
  const slash = first?.indexOf('/') ?? -1;
  if (first === undefined) return {};
  if (slash < 0) return { kind: first, ...(second === undefined ? {} : { name: second }) };
  if (second !== undefined) throw new UsageError(`"${first} ${second}" names two things`, 'KIND NAME or KIND/NAME');
  return { kind: first.slice(0, slash), name: first.slice(slash + 1) };
}
