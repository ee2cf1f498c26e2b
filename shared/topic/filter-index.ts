import { plainFilter } from './filter.ts';

interface Branch<T> {
  readonly children: Map<string, Branch<T>>;
  readonly values: T[];
}

/** Filters in a tree by level, to find those that share a topic with another filter without comparing all pairs. */
export interface FilterIndex<T> {
  readonly add: (filter: string, value: T) => void;
  /** Values whose filters share a topic with this one, lazily. */
  readonly intersecting: (filter: string) => Generator<T>;
}

/** Makes an empty index. */
export function createFilterIndex<T>(): FilterIndex<T> {
  const root = branch<T>();
  return {
    add(filter, value) {
      let at = root;
      for (const level of plainFilter(filter).split('/')) {
        const next = at.children.get(level) ?? branch<T>();
        at.children.set(level, next);
        at = next;
      }
      at.values.push(value);
    },
    intersecting: (filter) => search(root, plainFilter(filter).split('/')),
  };
}

function branch<T>(): Branch<T> {
  return { children: new Map(), values: [] };
}

/** Walks without recursion, so that a filter of thousands of levels is no deeper than any other. */
function* search<T>(root: Branch<T>, levels: readonly string[]): Generator<T> {
  const open: { at: Branch<T>; depth: number; below: boolean }[] = [{ at: root, depth: 0, below: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, depth, below } = next;
    const level = levels[depth];
    const everything = below || level === '#';
    // No topic is empty, so "/#" and "+" share none.
    const empty = depth === 1 && (levels[0] === '' || at === root.children.get(''));
    if ((everything || level === undefined) && !empty) yield* at.values;
    if (depth > 0 && !everything && !(empty && level === undefined)) yield* at.children.get('#')?.values ?? [];
    for (const [name, child] of at.children) {
      if (!visible(depth, name, level)) continue;
      if (everything) open.push({ at: child, depth: depth + 1, below: true });
      else if (level !== undefined && meets(name, level)) open.push({ at: child, depth: depth + 1, below: false });
      else if (level !== undefined && depth === 0 && name === '#') yield* child.values;
    }
  }
}

function meets(name: string, level: string): boolean {
  return name !== '#' && (name === level || name === '+' || level === '+');
}

/** MQTT5 4.7.2: a wildcard in the first level does not match topics that begin with `$`. */
function visible(depth: number, name: string, level: string | undefined): boolean {
  if (depth > 0 || level === undefined) return true;
  const wild = (text: string) => text === '+' || text === '#';
  return !((wild(name) && level.startsWith('$')) || (wild(level) && name.startsWith('$')));
}
