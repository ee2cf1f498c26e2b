import type { StoredObject } from '../../kubernetes/object.ts';
import type { BundleJudgement } from './bundle.ts';

/** What is known of a bundle. */
export interface Entry {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  connector: StoredObject | undefined;
  readonly topicMaps: Map<string, StoredObject>;
  /** Absent until somebody asks, and again after each change of a spec. */
  judgement: BundleJudgement | undefined;
}

/** Bundles by key, and by the name of their connector alone. */
export interface Shelf {
  find(key: string): Entry | undefined;
  /** Finds or makes. */
  open(namespace: string, name: string): Entry;
  /** Forgets an entry if nothing is in it. */
  tidy(entry: Entry): void;
  /** Entries of one connector name, of whatever namespace. */
  namesakes(name: string): readonly Entry[];
  keys(): Iterable<string>;
}

/** An empty shelf. */
export function createShelf(): Shelf {
  const entries = new Map<string, Entry>();
  const byName = new Map<string, Set<Entry>>();
  return {
    find: (key) => entries.get(key),
    open(namespace, name) {
      const key = `${namespace}/${name}`;
      const known = entries.get(key);
      if (known !== undefined) return known;
      const entry: Entry = { key, namespace, name, connector: undefined, topicMaps: new Map(), judgement: undefined };
      entries.set(key, entry);
      byName.set(name, (byName.get(name) ?? new Set()).add(entry));
      return entry;
    },
    tidy(entry) {
      if (entry.connector !== undefined || entry.topicMaps.size > 0) return;
      entries.delete(entry.key);
      const others = byName.get(entry.name);
      others?.delete(entry);
      if (others?.size === 0) byName.delete(entry.name);
    },
    namesakes: (name) => [...(byName.get(name) ?? [])],
    keys: () => entries.keys(),
  };
}
