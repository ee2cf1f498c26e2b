import {
  common,
  compare,
  type FieldSet,
  elementsOf,
  fromFieldsV1,
  isWithin,
  keyElement,
  leavesOf,
  minus,
} from './field-set.ts';
import { entriesOf, isOwn, ownable, ownSet, withOwnSet, withoutFields, type Writer } from './managed-fields.ts';
import { canonical, type Fields, isFields, type KubeObject, type ManagedFieldsEntry } from './object.ts';
import type { Shape } from './shape.ts';

/** A field that another manager owns with another value. */
export interface ApplyConflict {
  readonly entry: ManagedFieldsEntry;
  /** Elements joined as messages show them: `.spec.replicas`. */
  readonly fields: readonly string[];
}

/** What became of an apply. */
export type Applied =
  | { readonly kind: 'conflict'; readonly conflicts: readonly ApplyConflict[] }
  | { readonly kind: 'applied'; readonly object: KubeObject };

/** How to apply. */
export interface ApplyOptions {
  readonly writer: Writer;
  readonly shape: Shape;
  readonly force?: boolean;
}

/** Server-side apply: merges, takes away what the manager no longer applies and nobody else owns, and keeps the books. */
export function apply(live: KubeObject | undefined, config: KubeObject, options: ApplyOptions): Applied {
  const { writer, shape, force = false } = options;
  const entries = entriesOf(live);
  const wanted: FieldSet = new Set(leavesOf(ownable(config), shape).keys());
  const merged = merge(live, ownable(config), shape) as KubeObject;
  const { written } = compare(live ? ownable(live) : {}, ownable(merged), shape);
  const conflicts = conflictsWith(entries, writer, written);
  if (conflicts.length > 0 && !force) return { kind: 'conflict', conflicts };
  const others = withoutFields(entries, writer, written);
  const dropped = minus(ownSet(entries, writer), wanted);
  const object = prune(merged, dropped, { keep: othersSets(others, writer), shape });
  const managedFields = withOwnSet(others, writer, { apiVersion: config.apiVersion, fields: wanted });
  const named = { ...config.metadata, ...live?.metadata, ...object.metadata, managedFields };
  return {
    kind: 'applied',
    object: { ...object, apiVersion: config.apiVersion, kind: config.kind, metadata: named },
  };
}

function othersSets(entries: readonly ManagedFieldsEntry[], writer: Writer): FieldSet[] {
  return entries.filter((entry) => !isOwn(entry, writer)).map((entry) => fromFieldsV1(entry.fieldsV1));
}

function conflictsWith(
  entries: readonly ManagedFieldsEntry[],
  writer: Writer,
  written: FieldSet,
): readonly ApplyConflict[] {
  return entries.flatMap((entry) => {
    if (isOwn(entry, writer)) return [];
    const fields = [...common(fromFieldsV1(entry.fieldsV1), written)].map(shown);
    return fields.length > 0 ? [{ entry, fields }] : [];
  });
}

function shown(path: string): string {
  return elementsOf(path)
    .map((element) => (element.startsWith('f:') ? `.${element.slice(2)}` : bracketed(element)))
    .join('');
}

function bracketed(element: string): string {
  const value: unknown = JSON.parse(element.slice(2));
  if (!element.startsWith('k:') || !isFields(value)) return `[=${JSON.stringify(value)}]`;
  const keys = Object.entries(value).map(([name, field]) => `${name}=${JSON.stringify(field)}`);
  return `[${keys.join(',')}]`;
}

/** One value over another: objects by field, lists as their shape says, everything else replaced. */
function merge(under: unknown, over: unknown, shape: Shape): unknown {
  if (isFields(under) && isFields(over) && !shape.atomic) {
    const fields: Fields = { ...under };
    for (const [name, field] of Object.entries(over)) fields[name] = merge(under[name], field, shape.field(name));
    return fields;
  }
  if (Array.isArray(under) && Array.isArray(over) && shape.list.type !== 'atomic')
    return mergeLists(under, over, shape);
  return over;
}

function mergeLists(under: readonly unknown[], over: readonly unknown[], shape: Shape): unknown[] {
  const keyOf = keyIn(shape);
  const left = new Map(over.map((item) => [keyOf(item), item]));
  const kept = under.map((item) => {
    const key = keyOf(item);
    if (!left.has(key)) return item;
    const mine = left.get(key);
    left.delete(key);
    return merge(item, mine, shape.item());
  });
  return [...kept, ...left.values()];
}

function keyIn({ list }: Shape): (item: unknown) => string {
  return list.type === 'map' ? (item) => keyElement(list.keys, item) : (item) => `v:${canonical(item)}`;
}

interface PruneOptions {
  readonly keep: readonly FieldSet[];
  readonly shape: Shape;
}

/** Takes away fields; an entry of a list or an object of which somebody else owns a part stays. */
function prune(object: KubeObject, dropped: FieldSet, { keep, shape }: PruneOptions): KubeObject {
  const owned = keep.flatMap((set) => [...set]);
  const going = [...dropped].filter((path) => !owned.some((other) => isWithin(other, path)));
  // Entries of lists before their fields: without its keys an entry could not be found.
  const outermost = going.map(elementsOf).sort((one, other) => one.length - other.length);
  const isOwned = (elements: readonly string[]) => owned.some((other) => isWithin(other, elements.join('\u0000')));
  return outermost.reduce<unknown>(
    (value, elements) => removed(value, elements, { shape, isOwned, at: [] }),
    object,
  ) as KubeObject;
}

interface Removal {
  readonly shape: Shape;
  readonly isOwned: (elements: readonly string[]) => boolean;
  readonly at: readonly string[];
}

/** The value without the field; undefined when nothing is left of it that anybody owns. */
function removed(value: unknown, [head, ...rest]: readonly string[], removal: Removal): unknown {
  const { shape, isOwned } = removal;
  const at = [...removal.at, head];
  if (head.startsWith('f:') && isFields(value)) {
    const name = head.slice(2);
    if (!Object.hasOwn(value, name)) return value;
    const left = rest.length === 0 ? undefined : removed(value[name], rest, { shape: shape.field(name), isOwned, at });
    const { [name]: _gone, ...others } = value;
    if (left !== undefined) return { ...value, [name]: left };
    return Object.keys(others).length === 0 && removal.at.length > 0 && !isOwned(removal.at) ? undefined : others;
  }
  if (!Array.isArray(value)) return value;
  const keyOf = keyIn(shape);
  const items: unknown[] = value.flatMap((item: unknown) => {
    if (keyOf(item) !== head) return [item];
    const left = rest.length === 0 ? undefined : removed(item, rest, { shape: shape.item(), isOwned, at });
    return left === undefined ? [] : [left];
  });
  return items.length === 0 && !isOwned(removal.at) ? undefined : items;
}
