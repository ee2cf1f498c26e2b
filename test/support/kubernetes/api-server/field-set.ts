import { canonical, type Fields, isFields } from './object.ts';
import type { KeyField, Shape } from './shape.ts';

/** Paths of fields, each its elements (`f:spec`, `k:{"name":"a"}`, `v:"x"`) joined by NUL. */
export type FieldSet = ReadonlySet<string>;

const SEPARATOR = '\u0000';

/** The elements of a path of a field set. */
export function elementsOf(path: string): string[] {
  return path.split(SEPARATOR);
}

/** The path below another one. */
export function pathBelow(path: string, element: string): string {
  return path === '' ? element : `${path}${SEPARATOR}${element}`;
}

/** Whether a path is another one or below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(ancestor + SEPARATOR);
}

/** The element of a path that names an entry of a list by its keys. */
export function keyElement(keys: readonly KeyField[], item: unknown): string {
  const fields = isFields(item) ? item : {};
  return `k:${canonical(Object.fromEntries(keys.map((key) => [key.name, fields[key.name] ?? key.default])))}`;
}

/** The fields of an object that can be owned, each with its value as text; entries of lists count as fields without value. */
export function leavesOf(value: unknown, shape: Shape): Map<string, string> {
  const leaves = new Map<string, string>();
  collect(value, shape, '', leaves);
  return leaves;
}

function collect(value: unknown, shape: Shape, path: string, leaves: Map<string, string>): void {
  if (isFields(value) && !shape.atomic) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    if (entries.length === 0 && path !== '') leaves.set(path, '');
    for (const [name, field] of entries) collect(field, shape.field(name), pathBelow(path, `f:${name}`), leaves);
  } else if (Array.isArray(value) && shape.list.type !== 'atomic') {
    collectList(value, shape, path, leaves);
  } else {
    leaves.set(path, canonical(value));
  }
}

function collectList(list: readonly unknown[], shape: Shape, path: string, leaves: Map<string, string>): void {
  if (list.length === 0) leaves.set(path, '');
  for (const item of list) {
    const element = shape.list.type === 'map' ? keyElement(shape.list.keys, item) : `v:${canonical(item)}`;
    const at = pathBelow(path, element);
    leaves.set(at, '');
    if (shape.list.type === 'map' && isFields(item)) {
      for (const [name, field] of Object.entries(item)) {
        collect(field, shape.item().field(name), pathBelow(at, `f:${name}`), leaves);
      }
    }
  }
}

/** The fields of both sets. */
export function union(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one, ...other]);
}

/** The fields of the first set that are not in the other. */
export function minus(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one].filter((path) => !other.has(path)));
}

/** The fields that are in both sets. */
export function common(one: FieldSet, other: FieldSet): FieldSet {
  return new Set([...one].filter((path) => other.has(path)));
}

/** What is different between two objects. */
export interface Comparison {
  /** Added or changed. */
  readonly written: FieldSet;
  readonly removed: FieldSet;
}

/** Compares the fields of two objects that can be owned. */
export function compare(before: unknown, after: unknown, shape: Shape): Comparison {
  const old = leavesOf(before, shape);
  const now = leavesOf(after, shape);
  const written = [...now].filter(([path, value]) => old.get(path) !== value).map(([path]) => path);
  return { written: new Set(written), removed: new Set([...old.keys()].filter((path) => !now.has(path))) };
}

/** A set as it stands in `managedFields`. */
export function toFieldsV1(set: FieldSet): Fields {
  const root: Fields = {};
  for (const path of [...set].sort()) {
    let node = root;
    for (const element of elementsOf(path)) {
      node[element] ??= {};
      node = node[element] as Fields;
    }
    node['.'] = {};
  }
  return withoutLoneDots(root);
}

function withoutLoneDots(node: Fields): Fields {
  const names = Object.keys(node);
  if (names.length === 1 && names[0] === '.') return {};
  return Object.fromEntries(names.map((name) => [name, name === '.' ? {} : withoutLoneDots(node[name] as Fields)]));
}

/** The set that an entry of `managedFields` says. */
export function fromFieldsV1(fields: Fields): FieldSet {
  const set = new Set<string>();
  read(fields, '', set);
  return set;
}

function read(node: Fields, path: string, set: Set<string>): void {
  const names = Object.keys(node);
  if (path !== '' && (names.length === 0 || names.includes('.'))) set.add(path);
  for (const name of names) if (name !== '.') read(node[name] as Fields, pathBelow(path, name), set);
}
