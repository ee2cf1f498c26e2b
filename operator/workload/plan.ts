import { isGoing, type ObjectKind, type StoredObject } from '../../kubernetes/object.ts';
import { ownedKindOf } from '../kinds.ts';
import type { KubernetesObject } from '../render/kubernetes.ts';
import { CONNECTOR_ANNOTATION, MANAGED_BY } from '../render/labels.ts';
import { ownsFields } from './fields.ts';
import { isFixedDifferently, isStamped, stamp, type Stamped } from './identity.ts';

/** What is known of the objects of a connector. */
export interface Observed {
  /** UID of the connector, whose property they are; undefined where there is no such connector. */
  readonly owner: string | undefined;
  /** Objects of ours, and those that stand where one of ours should. */
  readonly objects: readonly StoredObject[];
}

/** One step to what is wanted. */
export type Action =
  | { readonly kind: 'apply'; readonly of: ObjectKind; readonly object: Stamped; readonly uid: string | undefined }
  /** `orphan`: what it owns stays; it is made anew. */
  | { readonly kind: 'remove'; readonly of: ObjectKind; readonly object: StoredObject; readonly orphan: boolean };

/** What to do for a connector. */
export type Plan =
  /** Somebody else's objects have our names: nothing is touched. */
  | { readonly kind: 'taken'; readonly objects: readonly StoredObject[] }
  /** In this order. What waits for an object to be gone is planned again then. */
  | { readonly kind: 'actions'; readonly actions: readonly Action[] };

/**
 * Compares what is there with what is wanted.
 * @param wanted undefined while nobody can say, so that everything stays as it is.
 */
export function plan(observed: Observed, wanted: readonly KubernetesObject[] | undefined): Plan {
  if (wanted === undefined) return { kind: 'actions', actions: [] };
  const live = new Map(observed.objects.map((object) => [placeOf(object), object]));
  const pairs = wanted.map((object) => ({ wanted: stamp(object), live: live.get(placeOf(object)) }));
  const taken = pairs.flatMap((pair) => (pair.live && isForeign(pair.live, pair.wanted) ? [pair.live] : []));
  if (taken.length > 0) return { kind: 'taken', objects: taken };
  const names = new Set(wanted.map(placeOf));
  const unwanted = observed.objects.filter((object) => !names.has(placeOf(object)) && ownerOf(object) !== undefined);
  const actions = pairs.flatMap((pair) => stepsTo(pair.wanted, pair.live, observed.owner));
  return { kind: 'actions', actions: [...actions, ...unwanted.flatMap((object) => removal(object, false))] };
}

/** An object that lost its owner, as one of a connector that was deleted without what it owns, is still ours by its labels. */
function isForeign(live: StoredObject, { metadata: wanted }: Stamped): boolean {
  if (controllerOf(live) !== undefined) return ownerNameOf(live) !== wanted.annotations?.[CONNECTOR_ANNOTATION];
  const { labels = {}, annotations = {} } = live.metadata;
  return (
    labels[MANAGED_BY] !== wanted.labels[MANAGED_BY] ||
    annotations[CONNECTOR_ANNOTATION] !== wanted.annotations?.[CONNECTOR_ANNOTATION]
  );
}

/** Name of the connector that controls an object. */
export function ownerNameOf(object: StoredObject): string | undefined {
  const controller = controllerOf(object);
  return controller?.kind === 'MqttBridgeConnector' ? controller.name : undefined;
}

/** UID of the connector that controls an object; undefined where none does. */
export function ownerOf(object: StoredObject): string | undefined {
  const controller = controllerOf(object);
  return controller?.kind === 'MqttBridgeConnector' ? controller.uid : undefined;
}

interface OwnerReference {
  readonly uid: string;
  readonly kind?: string;
  readonly name?: string;
  readonly controller?: boolean;
}

function controllerOf({ metadata }: StoredObject): OwnerReference | undefined {
  const references: readonly OwnerReference[] = metadata.ownerReferences ?? [];
  return references.find(({ controller }) => controller === true);
}

/** Where an object stands among those of a namespace. */
export function placeOf({ kind, metadata }: { readonly kind: string; readonly metadata: { readonly name: string } }) {
  return `${kind}/${metadata.name}`;
}

function stepsTo(wanted: Stamped, live: StoredObject | undefined, owner: string | undefined): readonly Action[] {
  const of = ownedKindOf(wanted);
  if (live === undefined) return [{ kind: 'apply', of, object: wanted, uid: undefined }];
  if (isGoing(live)) return [];
  const controller = ownerOf(live);
  // What an earlier connector of this name left behind is to be collected anyway.
  if (controller !== undefined && controller !== owner) return removal(live, false);
  if (isFixedDifferently(live, wanted)) return removal(live, true);
  if (isStamped(live, wanted) && ownsFields(live, wanted)) return [];
  return [{ kind: 'apply', of, object: wanted, uid: live.metadata.uid }];
}

function removal(object: StoredObject, orphan: boolean): readonly Action[] {
  if (isGoing(object)) return [];
  return [{ kind: 'remove', of: ownedKindOf(object), object, orphan }];
}
