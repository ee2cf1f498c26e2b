import type { StoredObject } from '../../kubernetes/object.ts';
import { FIELD_MANAGER } from './identity.ts';

/** A set of fields as `metadata.managedFields` has it: `f:name`, `k:{"key":"value"}` and `.` for the field itself. */
type FieldsV1 = { readonly [element: string]: FieldsV1 };

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: FieldsV1;
}

type Fields = Readonly<Record<string, unknown>>;

/** What names an object rather than being a field that somebody owns. */
const UNOWNED = ['name', 'namespace'];

/**
 * Whether all fields of an applied object are still ours. The API server takes a field from whoever set it once another
 * writer changes or removes it, so no value has to be compared, and neither defaults nor other spellings of a quantity count.
 */
export function ownsFields(live: StoredObject, applied: object): boolean {
  const set = ownSetOf(live);
  if (set === undefined) return false;
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = applied as Fields;
  const named = Object.entries(metadata as Fields).filter(([name]) => !UNOWNED.includes(name));
  return covers(set, { ...rest, metadata: Object.fromEntries(named) });
}

/** What of an applied object matters later, with our fields in place of those of all managers, which copies do not keep. */
export function essence(object: StoredObject): StoredObject {
  const { apiVersion, kind, metadata, status, spec } = object;
  const { replicas } = (spec ?? {}) as { readonly replicas?: number };
  return { apiVersion, kind, metadata, ownFields: ownSetOf(object), status, spec: { replicas } };
}

function ownSetOf({ metadata, ownFields }: StoredObject): FieldsV1 | undefined {
  if (ownFields !== undefined) return ownFields as FieldsV1;
  const entries = (metadata as { readonly managedFields?: readonly ManagedFields[] }).managedFields ?? [];
  return entries.find(
    ({ manager, operation, subresource = '' }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && subresource === '',
  )?.fieldsV1;
}

function covers(set: FieldsV1 | undefined, value: unknown): boolean {
  if (set === undefined) return false;
  // Nothing below: the field is owned as a whole.
  if (Object.keys(set).length === 0) return true;
  if (Array.isArray(value)) return value.every((item) => coversItem(set, item));
  if (value === null || typeof value !== 'object') return true;
  return Object.entries(value).every(([name, field]) => field === undefined || covers(set[`f:${name}`], field));
}

function coversItem(set: FieldsV1, item: unknown): boolean {
  const element = Object.keys(set).find((name) => name.startsWith('k:') && names(name, item));
  if (element !== undefined) return covers(set[element], item);
  return Object.keys(set).some((name) => name.startsWith('v:') && name.slice(2) === JSON.stringify(item));
}

/** Keys that the item leaves out have their default. */
function names(element: string, item: unknown): boolean {
  const keys = JSON.parse(element.slice(2)) as Fields;
  const fields = item as Fields;
  return Object.entries(keys).every(([key, value]) => fields[key] === undefined || fields[key] === value);
}
