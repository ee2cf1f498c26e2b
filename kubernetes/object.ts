import { API_VERSION } from '../shared/resources/metadata.ts';

/** A namespaced kind and where the API server has it. */
export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
}

/** An object as the API server keeps it. */
export interface StoredObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMetadata;
  readonly [field: string]: unknown;
}

/** What the API server adds to what was written is always there. */
export interface StoredMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Opaque; two versions may only be compared for being the same. */
  readonly resourceVersion: string;
  /** Counts changes of the spec, for kinds that have one. */
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  /** RFC 3339; there while the object waits for its finalizers. */
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[];
}

/** An object to be written: what the writer has an opinion on. */
export interface WrittenObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectName;
}

/** Which objects of a kind: all that match; in all namespaces where none is given. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Such as `metadata.name=edge`, which a role may allow by resourceNames. */
  readonly fieldSelector?: string;
}

/** Names one object of a kind. */
export interface ObjectName {
  readonly namespace: string;
  readonly name: string;
}

/** A change of one object: there was none before, or there is none now. */
export interface ObjectChange {
  readonly before: StoredObject | undefined;
  readonly now: StoredObject | undefined;
}

/** Whether an object is deleted, and only waits for its finalizers. */
export function isGoing({ metadata }: StoredObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Whether nothing but status and metadata can differ: the generation counts changes of the spec, as long as it is one object. */
export function hasSameSpec({ metadata: one }: StoredObject, { metadata: other }: StoredObject): boolean {
  if (one.uid !== other.uid) return false;
  if (one.resourceVersion === other.resourceVersion) return true;
  return one.generation !== undefined && one.generation === other.generation;
}

/** Connectors, one of the two kinds of this project. */
export const CONNECTORS: ObjectKind = {
  apiVersion: API_VERSION,
  kind: 'MqttBridgeConnector',
  plural: 'mqttbridgeconnectors',
};

/** Topic maps, the other one. */
export const TOPIC_MAPS: ObjectKind = {
  apiVersion: API_VERSION,
  kind: 'MqttBridgeTopicMap',
  plural: 'mqttbridgetopicmaps',
};
