import type { StoredObject } from '../../kubernetes/object.ts';
import type { ObjectChange } from '../../kubernetes/reflector.ts';
import { type BundleJudgement, connectorNameIn, judgeBundle } from './bundle.ts';

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

interface Entry {
  readonly namespace: string;
  readonly name: string;
  connector: StoredObject | undefined;
  readonly topicMaps: Map<string, StoredObject>;
  judgement: BundleJudgement | undefined;
}

/** A judge that knows of nothing yet. */
export function createJudge(): Judge {
  const entries = new Map<string, Entry>();
  /** Keys of bundles by the connector's name alone. */
  const namesakes = new Map<string, Set<string>>();

  function entryOf(namespace: string, name: string): Entry {
    const key = `${namespace}/${name}`;
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { namespace, name, connector: undefined, topicMaps: new Map(), judgement: undefined };
    entries.set(key, entry);
    namesakes.set(name, (namesakes.get(name) ?? new Set()).add(key));
    return entry;
  }

  function dropEmpty(key: string): void {
    const entry = entries.get(key);
    if (entry === undefined || entry.connector !== undefined || entry.topicMaps.size > 0) return;
    entries.delete(key);
    const others = namesakes.get(entry.name);
    others?.delete(key);
    if (others?.size === 0) namesakes.delete(entry.name);
  }

  function noteConnector(object: StoredObject, counts: boolean): readonly string[] {
    const { namespace, name } = object.metadata;
    const key = `${namespace}/${name}`;
    const entry = entryOf(namespace, name);
    const before = entry.connector;
    entry.connector = counts ? object : undefined;
    if (!sameSpec(before, entry.connector)) entry.judgement = undefined;
    // Topic maps elsewhere that look for this name are told where it is.
    const others =
      (before === undefined) === (entry.connector === undefined) ? [] : forsaken(namesakes.get(name) ?? [], key);
    dropEmpty(key);
    return [key, ...others];
  }

  function forsaken(keys: Iterable<string>, except: string): readonly string[] {
    return [...keys].filter((key) => {
      const entry = entries.get(key);
      if (key === except || entry === undefined || entry.connector !== undefined) return false;
      entry.judgement = undefined;
      return true;
    });
  }

  function removeMap(object: StoredObject, key: string): void {
    const entry = entries.get(key);
    if (entry?.topicMaps.delete(object.metadata.name) === true) entry.judgement = undefined;
    dropEmpty(key);
  }

  function noteMap(before: StoredObject | undefined, now: StoredObject | undefined): readonly string[] {
    const from = before && bundleKeyOf(before);
    const to = now && bundleKeyOf(now);
    if (before !== undefined && from !== undefined && from !== to) removeMap(before, from);
    if (now !== undefined) {
      const entry = entryOf(now.metadata.namespace, connectorNameIn(now));
      if (!sameSpec(entry.topicMaps.get(now.metadata.name), now)) entry.judgement = undefined;
      entry.topicMaps.set(now.metadata.name, now);
    }
    return [...new Set([from, to])].filter((key) => key !== undefined);
  }

  function elsewhereOf({ name, namespace }: Entry): readonly string[] {
    return [...(namesakes.get(name) ?? [])]
      .flatMap((key) => {
        const other = entries.get(key);
        return other?.connector === undefined || other.namespace === namespace ? [] : [other.namespace];
      })
      .toSorted();
  }

  return {
    note({ before, now }) {
      const object = now ?? before;
      if (object === undefined) return [];
      const counted = now?.metadata.deletionTimestamp === undefined ? now : undefined;
      if (object.kind === 'MqttBridgeConnector') return noteConnector(object, counted !== undefined);
      return noteMap(before, counted);
    },
    judgementOf(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entry.judgement ??= judgeBundle({
        namespace: entry.namespace,
        name: entry.name,
        connector: entry.connector,
        topicMaps: [...entry.topicMaps.values()].toSorted(byName),
        elsewhere: entry.connector === undefined ? elsewhereOf(entry) : [],
      });
      return entry.judgement;
    },
    keys: () => entries.keys(),
  };
}

/** Key of the bundle that a connector or topic map belongs to. */
export function bundleKeyOf(object: StoredObject): string {
  const { namespace, name } = object.metadata;
  return `${namespace}/${object.kind === 'MqttBridgeConnector' ? name : connectorNameIn(object)}`;
}

/** Whether nothing but status and metadata can differ. */
function sameSpec(a: StoredObject | undefined, b: StoredObject | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [before, now] = [a.metadata, b.metadata];
  if (before.uid !== now.uid) return false;
  if (before.resourceVersion === now.resourceVersion) return true;
  return before.generation !== undefined && before.generation === now.generation;
}

function byName(a: StoredObject, b: StoredObject): number {
  return a.metadata.name < b.metadata.name ? -1 : Number(a.metadata.name > b.metadata.name);
}
