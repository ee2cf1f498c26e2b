import type { Path } from '../../shared/config/position.ts';
import type { ConnectorInput } from '../../shared/resources/connector.ts';
import type { API_VERSION } from '../../shared/resources/metadata.ts';
import type { RouteInput } from '../../shared/resources/topic-map.ts';
import type { Note, Place } from './note.ts';

/** A topic map as it is written down. */
export interface TopicMapInput {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'MqttBridgeTopicMap';
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
  readonly spec: { readonly mqttBridgeConnectorRef: string; readonly routes: readonly RouteInput[] };
}

/** A comment for the person who reads the YAML, above the field at this path. */
export interface Remark {
  readonly path: Path;
  readonly text: string;
}

/** A resource and the comments in it. */
export interface Remarked<T> {
  readonly value: T;
  readonly remarks: readonly Remark[];
}

/** A connector and its topic maps, not yet proved to be valid. */
export interface DraftBridge {
  /** Where it was defined. */
  readonly place: Place;
  readonly connector: Remarked<ConnectorInput>;
  readonly topicMaps: readonly Remarked<TopicMapInput>[];
  /** Shell commands that make the Secrets and ConfigMaps it names, without a secret in them. */
  readonly commands: readonly string[];
}

/** What an importer made of its files. */
export interface Drafts {
  readonly bridges: readonly DraftBridge[];
  readonly notes: readonly Note[];
}

/** What every importer is told besides its files. */
export interface ImportOptions {
  readonly namespace?: string | undefined;
  /** Name of the connector instead of the one that follows from the source. */
  readonly name?: string | undefined;
  /** How many levels below a prefix that is cut off are carried. */
  readonly levels: number;
}

/** A name that Kubernetes takes, made of any text; `bridge` when nothing is left. */
export function objectNameOf(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'bridge' : name;
}
