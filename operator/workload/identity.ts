import { canonicalJson } from '../../shared/canonical-json.ts';
import { sha256 } from '../../shared/sha256.ts';
import type { StoredObject } from '../../kubernetes/object.ts';
import type { KubernetesObject } from '../render/kubernetes.ts';

/** Whose fields are whose in objects and in the status. */
export const FIELD_MANAGER = 'mqttbridge-operator';
/** Annotation of every object that is applied: a hash of it, and a hash of its part that cannot be changed. */
export const APPLIED_ANNOTATION = 'mq.iotoperations.azure.com/applied';

/** A rendered object with the annotation that tells whether it was applied like this. */
export type Stamped = KubernetesObject;

/** Adds the annotation. */
export function stamp(object: KubernetesObject): Stamped {
  const value = `${hash(object)}.${hash(fixedPart(object))}`;
  const annotations = { ...object.metadata.annotations, [APPLIED_ANNOTATION]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Whether an object was last applied exactly like this. */
export function isStamped(live: StoredObject, wanted: Stamped): boolean {
  return stampOf(live) !== undefined && stampOf(live) === wanted.metadata.annotations?.[APPLIED_ANNOTATION];
}

/** Whether the wanted object needs another value of a field that the API server never changes. */
export function isFixedDifferently(live: StoredObject, wanted: Stamped): boolean {
  const [, fixed] = stampOf(live)?.split('.') ?? [];
  const [, wantedFixed] = wanted.metadata.annotations?.[APPLIED_ANNOTATION]?.split('.') ?? [];
  return fixed !== undefined && fixed !== wantedFixed;
}

function stampOf({ metadata }: StoredObject): string | undefined {
  return metadata.annotations?.[APPLIED_ANNOTATION];
}

function fixedPart(object: KubernetesObject): object {
  if (object.kind === 'RoleBinding') return object.roleRef;
  if (object.kind !== 'StatefulSet') return {};
  const { serviceName, podManagementPolicy, selector, volumeClaimTemplates } = object.spec;
  return { serviceName, podManagementPolicy, selector, volumeClaimTemplates };
}

function hash(value: object): string {
  return sha256(canonicalJson(value)).slice(0, 16);
}
