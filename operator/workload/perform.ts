import { CONNECTORS, isGoing, type StoredObject } from '../../kubernetes/object.ts';
import { ownedKindOf } from '../kinds.ts';
import type { FencedClient } from '../lead/fenced-client.ts';
import type { KubernetesObject } from '../render/kubernetes.ts';
import { FIELD_MANAGER } from './identity.ts';
import { type Action, ownerNameOf, ownerOf, placeOf } from './plan.ts';

/** Adds to the objects that are known those which have a wanted name and are not known: perhaps somebody else's. */
export async function observe(
  client: FencedClient,
  known: readonly StoredObject[],
  wanted: readonly KubernetesObject[],
): Promise<readonly StoredObject[]> {
  const places = new Set(known.map(placeOf));
  const unknown = wanted.filter((object) => !places.has(placeOf(object)));
  const found = await Promise.all(unknown.map((object) => client.get(ownedKindOf(object), object.metadata)));
  return [...known, ...found.filter((object) => object !== undefined)];
}

/** Takes one step; answers the object as it is then, undefined for one that goes. */
export async function perform(client: FencedClient, action: Action): Promise<StoredObject | undefined> {
  if (action.kind === 'apply') {
    const { of, object, uid } = action;
    // The UID keeps us from another object that has meanwhile taken the place; where there was none nobody is overruled.
    const metadata = { ...object.metadata, ...(uid === undefined ? {} : { uid }) };
    return await client.apply(of, { ...object, metadata }, { manager: FIELD_MANAGER, force: uid !== undefined });
  }
  const { of, object, orphan } = action;
  await client.remove(of, object.metadata, { uid: object.metadata.uid, orphan });
  return undefined;
}

/**
 * Removes what a connector left that is gone. Both are asked for once more, since copies of different kinds may be of
 * different moments, and the one who deletes a connector may want to keep what it owned.
 * @returns whether something was removed.
 */
export async function removeLeftovers(client: FencedClient, objects: readonly StoredObject[]): Promise<boolean> {
  let removed = false;
  for (const known of objects.filter((object) => !isGoing(object))) {
    const of = ownedKindOf(known);
    const object = await client.get(of, known.metadata);
    if (object === undefined || !(await isForsaken(client, object))) continue;
    removed = (await client.remove(of, object.metadata, { uid: object.metadata.uid })) || removed;
  }
  return removed;
}

async function isForsaken(client: FencedClient, object: StoredObject): Promise<boolean> {
  const { metadata } = object;
  const [uid, name] = [ownerOf(object), ownerNameOf(object)];
  if (uid === undefined || name === undefined || isGoing(object)) return false;
  const connector = await client.get(CONNECTORS, { namespace: metadata.namespace, name });
  return connector?.metadata.uid !== uid;
}
