import { createHash } from 'node:crypto';
import { hasSameSpec, isGoing, type StoredObject, TOPIC_MAPS, type ObjectChange } from '../../../kubernetes/object.ts';
import { canonicalJson } from '../../../shared/canonical-json.ts';
import type { LoadResult } from '../../../shared/config/load.ts';
import { connectorNameIn, resourcesOf } from '../../../shared/config/objects.ts';
import type { ObjectVersion, ReceivedDocument } from '../remote/document.ts';

/** What a connector of the cluster is to run: itself and the topic maps that name it; the same for the same content. */
export function definitionOf(connector: StoredObject, topicMaps: Iterable<StoredObject>): ReceivedDocument {
  const maps = [...topicMaps].filter((map) => connectorNameIn(map) === connector.metadata.name && !isGoing(map));
  const sorted = maps.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const resources = [connector, ...sorted].map(plain);
  const revision = createHash('sha256').update(canonicalJson(resources)).digest('hex').slice(0, 32);
  return { revision, resources, object: versionOf(connector) };
}

/** Which object, and how often its specification had changed. */
export function versionOf({ metadata: { uid, generation = 0 } }: StoredObject): ObjectVersion {
  return { uid, generation };
}

/** Whether a change can change what the connector of this name is to run: a status, a label or another connector cannot. */
export function concerns({ before, now }: ObjectChange, connector: string): boolean {
  const isOurs = [before, now].some(
    (object) => object && (object.kind !== TOPIC_MAPS.kind || connectorNameIn(object) === connector),
  );
  if (!isOurs || before === undefined || now === undefined) return isOurs;
  return !hasSameSpec(before, now) || isGoing(before) !== isGoing(now);
}

/** The resources of a cluster as they are validated; a problem's file is `kind/namespace/name`. */
export function loadObjects(resources: ReceivedDocument['resources']): LoadResult {
  return resourcesOf(resources.map(named));
}

/** Without what the cluster added. */
function plain({ apiVersion, kind, metadata: { name, namespace }, spec }: StoredObject): Record<string, unknown> {
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}

/** A file on disk may hold anything. */
function named({ apiVersion, kind, metadata, spec }: Readonly<Record<string, unknown>>) {
  const { name, namespace }: Readonly<Record<string, unknown>> = Object(metadata);
  const text = (value: unknown) => (typeof value === 'string' ? value : '?');
  return {
    apiVersion: text(apiVersion),
    kind: text(kind),
    metadata: { name: text(name), namespace: text(namespace) },
    spec,
  };
}
