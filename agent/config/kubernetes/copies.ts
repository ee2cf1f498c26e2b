import type { KubernetesClient } from '../../../kubernetes/client.ts';
import { CONNECTORS, type StoredObject, TOPIC_MAPS } from '../../../kubernetes/object.ts';
import { createReflector, type Reflector } from '../../../kubernetes/reflector.ts';
import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import { concerns } from './definition.ts';

/** What copies are made of. */
export interface CopiesParts {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly connector: string;
  /** One of the copies is fresh, or apart, or apart for another reason. */
  readonly stateChanged: () => void;
  readonly clock?: MonotonicClock;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** The connector and the topic maps of its namespace. */
export interface Copies {
  readonly topicMaps: Reflector;
  readonly all: readonly Reflector[];
  /** Undefined while there is none, or nobody knows. */
  readonly connector: () => StoredObject | undefined;
  /** Whether everything has been seen once. */
  readonly areSynced: () => boolean;
  readonly synced: Promise<void>;
  /** Tells of changes that can change what the connector is to run; resolves when the signal has ended it. */
  run(stir: () => void, signal: AbortSignal): Promise<void>;
}

/** Remembers its parts; nothing is asked before `run`. */
export function createCopies(parts: CopiesParts): Copies {
  const { client, namespace, connector, stateChanged } = parts;
  const common = {
    client,
    stateChanged,
    ...(parts.clock && { clock: parts.clock }),
    ...(parts.random && { random: parts.random }),
  };
  const one = { namespace, fieldSelector: `metadata.name=${connector}` };
  const connectors = createReflector({ ...common, kind: CONNECTORS, selection: one });
  const topicMaps = createReflector({ ...common, kind: TOPIC_MAPS, selection: { namespace } });
  const all = [connectors, topicMaps];
  let areSynced = false;
  const sync = async (): Promise<void> => {
    await Promise.all(all.map((copy) => copy.synced));
    areSynced = true;
  };
  return {
    topicMaps,
    all,
    connector: () => connectors.objects.get(`${namespace}/${connector}`),
    areSynced: () => areSynced,
    synced: sync(),
    async run(stir, signal) {
      await Promise.all(
        all.map((copy) =>
          copy.run((change) => {
            if (concerns(change, connector)) stir();
          }, signal),
        ),
      );
    },
  };
}
