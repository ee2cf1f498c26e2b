import { canonicalJson } from '../canonical-json.ts';
import type { Connector } from '../resources/connector.ts';
import type { TopicMap } from '../resources/topic-map.ts';
import { sha256 } from '../sha256.ts';

/** A connector with all of its topic maps: what an agent runs. */
export interface ConnectorDocument {
  readonly connector: Connector;
  /** Sorted by name. */
  readonly topicMaps: readonly TopicMap[];
  /** Hash of what the document means; the same for every way of writing it down. */
  readonly revision: string;
}

/** Puts a connector and its maps together; the order of the maps and what has no effect do not change the revision. */
export function connectorDocument(connector: Connector, topicMaps: readonly TopicMap[]): ConnectorDocument {
  const sorted = topicMaps.toSorted((a, b) => compare(a.metadata.name, b.metadata.name));
  const effective = [connector, ...sorted].map(({ metadata, spec }) => [metadata.namespace ?? '', metadata.name, spec]);
  return { connector, topicMaps: sorted, revision: sha256(canonicalJson(effective)).slice(0, 32) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
