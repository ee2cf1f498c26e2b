import { CONNECTORS, type ObjectKind, type StoredObject, TOPIC_MAPS } from '../../../../../kubernetes/object.ts';
import { connectorResource, topicMapResource } from '../../../../support/resources.ts';

/** Fields that the API server adds. */
export interface Added {
  readonly uid?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly status?: object;
  readonly deletionTimestamp?: string;
}

/** The connector `bridge` as the API server keeps it. */
export function storedConnector(added: Added = {}, spec: Readonly<Record<string, unknown>> = {}): StoredObject {
  return stored(CONNECTORS, 'bridge', connectorResource('bridge', spec).spec, added);
}

/** A topic map of it. */
export function storedMap(name: string, source?: string, added: Added = {}, connector = 'bridge'): StoredObject {
  return stored(TOPIC_MAPS, name, topicMapResource(name, connector, source).spec, added);
}

let versions = 0;

function stored({ apiVersion, kind }: ObjectKind, name: string, spec: unknown, added: Added): StoredObject {
  const { uid = `uid-${name}`, generation = 1, resourceVersion = String(++versions), status, ...rest } = added;
  const metadata = { name, namespace: 'plant', uid, generation, resourceVersion, ...rest };
  return { apiVersion, kind, metadata, spec, ...(status && { status }) };
}
