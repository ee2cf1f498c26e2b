import { compare, common, type FieldSet, fromFieldsV1, minus, toFieldsV1, union } from './field-set.ts';
import { canonical, type KubeObject, type ManagedFieldsEntry, without } from './object.ts';
import type { Shape } from './shape.ts';

/** Who writes, how and when. */
export interface Writer {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly subresource?: string | undefined;
}

/** Fields that nobody owns: the server's own, and what names the object. */
const UNOWNED_METADATA = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
];

/** What of an object can be owned. */
export function ownable(object: Partial<KubeObject>): KubeObject {
  const { metadata = {}, ...rest } = without(object, 'apiVersion', 'kind');
  const owned = without(metadata, ...UNOWNED_METADATA);
  return (Object.keys(owned).length === 0 ? rest : { ...rest, metadata: owned }) as KubeObject;
}

/** The entries of an object's managers. */
export function entriesOf(object: KubeObject | undefined): readonly ManagedFieldsEntry[] {
  return object?.metadata.managedFields ?? [];
}

/** Whether an entry is the writer's own. */
export function isOwn(entry: ManagedFieldsEntry, writer: Writer): boolean {
  return (
    entry.manager === writer.manager &&
    entry.operation === writer.operation &&
    (entry.subresource ?? '') === (writer.subresource ?? '')
  );
}

/** The set of the writer's own entry; empty when it has none. */
export function ownSet(entries: readonly ManagedFieldsEntry[], writer: Writer): FieldSet {
  const own = entries.find((entry) => isOwn(entry, writer));
  return own ? fromFieldsV1(own.fieldsV1) : new Set();
}

/** The entries after the writer's set has become another one; the time stays where the set does, empty sets go. */
export function withOwnSet(
  entries: readonly ManagedFieldsEntry[],
  writer: Writer,
  set: { readonly apiVersion: string; readonly fields: FieldSet },
): ManagedFieldsEntry[] {
  const { manager, operation, time, subresource } = writer;
  const fieldsV1 = toFieldsV1(set.fields);
  const own: ManagedFieldsEntry = {
    manager,
    operation,
    apiVersion: set.apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...(subresource ? { subresource } : {}),
  };
  const at = entries.findIndex((entry) => isOwn(entry, writer));
  if (set.fields.size === 0) return entries.filter((_entry, index) => index !== at);
  if (at < 0) return [...entries, own];
  if (canonical(entries[at].fieldsV1) === canonical(fieldsV1)) return [...entries];
  return entries.with(at, own);
}

/** The entries of the others after they have lost fields. */
export function withoutFields(
  entries: readonly ManagedFieldsEntry[],
  writer: Writer,
  lost: FieldSet,
): ManagedFieldsEntry[] {
  return entries.flatMap((entry) => {
    if (isOwn(entry, writer)) return [entry];
    const before = fromFieldsV1(entry.fieldsV1);
    if (common(before, lost).size === 0) return [entry];
    const left = minus(before, lost);
    return left.size === 0 ? [] : [{ ...entry, fieldsV1: toFieldsV1(left) }];
  });
}

/** The managers after a write that is no apply: the writer takes what it wrote, everybody loses what it removed. */
export function managersAfterUpdate(
  before: KubeObject | undefined,
  after: KubeObject,
  { writer, shape }: { readonly writer: Writer; readonly shape: Shape },
): ManagedFieldsEntry[] {
  const { written, removed } = compare(before ? ownable(before) : {}, ownable(after), shape);
  const entries = entriesOf(before);
  if (written.size === 0 && removed.size === 0) return [...entries];
  const fields = minus(union(ownSet(entries, writer), written), removed);
  const others = withoutFields(entries, writer, union(written, removed));
  return withOwnSet(others, writer, { apiVersion: after.apiVersion, fields });
}
