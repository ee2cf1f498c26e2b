import type { KubernetesClient } from '../../kubernetes/client.ts';
import { essence } from '../workload/fields.ts';
import { createJointLog } from './joint-log.ts';
import { mappedClient } from './mapped-client.ts';
import {
  CONNECTORS,
  type ObjectKind,
  type StoredObject,
  TOPIC_MAPS,
  type ObjectChange,
} from '../../kubernetes/object.ts';
import { createReflector, type Reflector, type ReflectorLogger } from '../../kubernetes/reflector.ts';
import { OWNED_KINDS } from '../kinds.ts';
import type { OperatorClock } from '../clock.ts';
import type { OperatorLogger } from '../logger.ts';
import { OWNED_SELECTOR } from '../render/labels.ts';

/** What is followed, and who is told. */
export interface CopiesOptions {
  readonly client: KubernetesClient;
  /** All namespaces where there is none. */
  readonly namespace: string | undefined;
  readonly clock: OperatorClock;
  readonly random: () => number;
  readonly logger: OperatorLogger;
  readonly resourceChanged: (change: ObjectChange) => void;
  readonly ownedChanged: (change: ObjectChange) => void;
}

/** Copies of everything that decides about the objects of a connector. */
export interface Copies {
  readonly connectors: ReadonlyMap<string, StoredObject>;
  readonly topicMaps: ReadonlyMap<string, StoredObject>;
  /** Whether a kind's copy is as new as can be, by plural name. */
  readonly states: () => Readonly<Record<string, Reflector['state']['kind']>>;
  /** Whether no copy is known to lag behind. */
  readonly areFresh: () => boolean;
  /** Resolves once everything has been seen. */
  readonly synced: Promise<void>;
  readonly run: (signal: AbortSignal) => Promise<void>;
}

interface Followed {
  readonly kind: ObjectKind;
  readonly reflector: Reflector;
  readonly changed: (change: ObjectChange) => void;
}

/** Sets up the copies; nothing is asked before `run`. */
export function createCopies(settings: CopiesOptions): Copies {
  const { resourceChanged, ownedChanged } = settings;
  const log = createJointLog(settings.clock, settings.logger);
  const options = { ...settings, logger: log };
  const connectors = follow(options, { kind: CONNECTORS, changed: resourceChanged });
  const topicMaps = follow(options, { kind: TOPIC_MAPS, changed: resourceChanged });
  const small = { ...options, client: mappedClient(options.client, essence) };
  const owned = OWNED_KINDS.map((kind) => follow(small, { kind, changed: ownedChanged, labels: OWNED_SELECTOR }));
  const all = [connectors, topicMaps, ...owned];
  return {
    connectors: connectors.reflector.objects,
    topicMaps: topicMaps.reflector.objects,
    states: () => Object.fromEntries(all.map(({ kind, reflector }) => [kind.plural, reflector.state.kind])),
    areFresh: () => all.every(({ reflector }) => reflector.state.kind === 'synced'),
    synced: Promise.all(all.map(({ reflector }) => reflector.synced)).then(() => undefined),
    run: async (signal) => {
      await Promise.all(all.map(({ reflector, changed }) => reflector.run(changed, signal))).finally(log.flush);
    },
  };
}

interface FollowOptions extends Omit<CopiesOptions, 'client' | 'logger'> {
  readonly logger: ReflectorLogger;
  readonly client: Pick<KubernetesClient, 'list' | 'watch'>;
}

interface What {
  readonly kind: ObjectKind;
  readonly changed: (change: ObjectChange) => void;
  readonly labels?: string;
}

function follow(options: FollowOptions, { kind, changed, labels }: What): Followed {
  const { client, namespace, clock, random, logger } = options;
  const selection = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labelSelector: labels }),
  };
  return { kind, reflector: createReflector({ client, kind, selection, clock, random, logger }), changed };
}
