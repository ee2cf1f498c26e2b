import { CONNECTORS, hasSameSpec, isGoing, type StoredObject, type ObjectChange } from '../../kubernetes/object.ts';
import { connectorNameIn } from '../../shared/config/objects.ts';
import { type BundleJudgement, judgeBundle } from './bundle.ts';
import { createShelf, type Entry, type Shelf } from './shelf.ts';

/**
 * Judges connectors and topic maps as they change. Works by bundles: a connector, there or not, with the topic maps that
 * name it. The key of a bundle is `namespace/name` of that connector.
 */
export interface Judge {
  /** Takes in a change of a connector or topic map; returns the keys of the bundles about which something else may be said now. */
  note(change: ObjectChange): readonly string[];
  /** The judgement of a bundle, made anew only after a change of a spec; undefined when nothing of it is left. */
  judgementOf(key: string): BundleJudgement | undefined;
  /** All bundles there are. */
  keys(): Iterable<string>;
}

/** A judge that knows of nothing yet. */
export function createJudge(): Judge {
  const shelf = createShelf();
  return {
    note({ before, now }) {
      const object = now ?? before;
      if (object === undefined) return [];
      const counted = now === undefined || isGoing(now) ? undefined : now;
      return object.kind === CONNECTORS.kind
        ? noteConnector(shelf, object, counted)
        : noteTopicMap(shelf, before, counted);
    },
    judgementOf(key) {
      const entry = shelf.find(key);
      if (entry === undefined) return undefined;
      entry.judgement ??= judgeEntry(shelf, entry);
      return entry.judgement;
    },
    keys: () => shelf.keys(),
  };
}

/** Key of the bundle that a connector or topic map belongs to. */
export function bundleKeyOf(object: StoredObject): string {
  const { namespace, name } = object.metadata;
  return `${namespace}/${object.kind === CONNECTORS.kind ? name : connectorNameIn(object)}`;
}

function noteConnector(shelf: Shelf, { metadata }: StoredObject, now: StoredObject | undefined): readonly string[] {
  const entry = shelf.open(metadata.namespace, metadata.name);
  const before = entry.connector;
  entry.connector = now;
  if (!isSameSpec(before, now)) entry.judgement = undefined;
  const appeared = (before === undefined) !== (now === undefined);
  // Topic maps elsewhere that look for this name are told where it is.
  const others = appeared ? shelf.namesakes(entry.name).filter((other) => other !== entry && !other.connector) : [];
  for (const other of others) other.judgement = undefined;
  shelf.tidy(entry);
  return [entry, ...others].map(({ key }) => key);
}

function noteTopicMap(
  shelf: Shelf,
  before: StoredObject | undefined,
  now: StoredObject | undefined,
): readonly string[] {
  const from = before && bundleKeyOf(before);
  const to = now && bundleKeyOf(now);
  if (before !== undefined && from !== undefined && from !== to) takeOut(shelf, from, before.metadata.name);
  if (now !== undefined) putIn(shelf.open(now.metadata.namespace, connectorNameIn(now)), now);
  return [...new Set([from, to])].filter((key) => key !== undefined);
}

function takeOut(shelf: Shelf, key: string, topicMap: string): void {
  const entry = shelf.find(key);
  if (entry?.topicMaps.delete(topicMap) !== true) return;
  entry.judgement = undefined;
  shelf.tidy(entry);
}

function putIn(entry: Entry, topicMap: StoredObject): void {
  const { name } = topicMap.metadata;
  if (!isSameSpec(entry.topicMaps.get(name), topicMap)) entry.judgement = undefined;
  entry.topicMaps.set(name, topicMap);
}

function judgeEntry(shelf: Shelf, { namespace, name, connector, topicMaps }: Entry): BundleJudgement {
  const elsewhere = connector === undefined ? shelf.namesakes(name).filter((other) => other.connector) : [];
  return judgeBundle({
    namespace,
    name,
    connector,
    topicMaps: [...topicMaps.values()].toSorted(byName),
    elsewhere: elsewhere.map((other) => other.namespace).toSorted(),
  });
}

function isSameSpec(before: StoredObject | undefined, now: StoredObject | undefined): boolean {
  return before === undefined || now === undefined ? before === now : hasSameSpec(before, now);
}

function byName(a: StoredObject, b: StoredObject): number {
  return a.metadata.name < b.metadata.name ? -1 : Number(a.metadata.name > b.metadata.name);
}
