import { ApiError } from '../../kubernetes/client.ts';
import { CONNECTORS, type StoredObject, TOPIC_MAPS } from '../../kubernetes/object.ts';
import type { ConnectorStatus, TopicMapStatus } from '../../shared/resources/status.ts';
import type { BundleJudgement, ConnectorJudgement } from '../judge/bundle.ts';
import type { FencedClient } from '../lead/fenced-client.ts';
import { type ConnectorSituation, connectorStatusOf } from '../status/connector-status.ts';
import { needsOf } from '../status/needs.ts';
import { topicMapStatusOf } from '../status/topic-map-status.ts';
import { transitionsOf } from '../status/transitions.ts';
import { workloadOf } from '../status/workload.ts';
import type { NeededObjects } from '../watch/needed-objects.ts';
import type { Recorder } from './events.ts';
import { podsOf, staleInstances } from './instances.ts';
import { createLatest } from './latest.ts';
import { writeStatus } from './status.ts';

/** What telling how connectors are works with. */
export interface DescriberParts {
  readonly client: Pick<FencedClient, 'apply' | 'patch'>;
  readonly topicMaps: ReadonlyMap<string, StoredObject>;
  readonly needs: NeededObjects;
  readonly recorder: Recorder;
  /** Whether agents write their entries of the status. */
  readonly reporting: ConnectorSituation['reporting'];
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

/** A connector as it was found in a pass. */
export interface Found {
  readonly connector: StoredObject;
  readonly judged: BundleJudgement & { readonly connector: ConnectorJudgement };
  readonly statefulSet: StoredObject | undefined;
  /** Objects of others that have names of ours. */
  readonly taken: readonly string[];
  /** What the API server said when it did not take one of its objects. */
  readonly refusal: string | undefined;
}

/** What was said of a connector. */
export interface Described {
  readonly situation: ConnectorSituation;
  readonly status: ConnectorStatus;
  readonly changed: boolean;
}

/** Writes statuses, and Events of what is otherwise than before. */
export interface Describer {
  readonly connector: (found: Found) => Promise<Described>;
  /** Whether something was written; without a situation there is no connector. */
  readonly topicMaps: (judgement: BundleJudgement, situation: ConnectorSituation | undefined) => Promise<boolean>;
}

/** Makes a describer. */
export function createDescriber(parts: DescriberParts): Describer {
  const { client, needs, recorder, wall } = parts;
  const latest = createLatest();

  async function publish(
    kind: typeof CONNECTORS,
    copy: StoredObject,
    { live, status }: { readonly live: StoredObject; readonly status: ConnectorStatus | TopicMapStatus },
  ): Promise<StoredObject> {
    const written = await writeStatus(client, kind, { live, status });
    if (written === live) return live;
    latest.put(copy, written);
    recorder.record(written, transitionsOf(live['status'] ?? undefined, status));
    return written;
  }
  async function dropStale(connector: StoredObject, pods: number): Promise<StoredObject> {
    const steps = staleInstances(connector, pods);
    if (steps.length === 0) return connector;
    return await client
      .patch(CONNECTORS, connector.metadata, steps, { status: true })
      .catch((error: unknown) => settleForLater(error, connector));
  }
  return {
    async connector({ connector, judged, statefulSet, taken, refusal }) {
      const { document } = judged.connector;
      const needed = document === undefined ? [] : needsOf(document.connector);
      await needs.want(`${judged.namespace}/${judged.name}`, needed);
      const live = latest.of(connector);
      const situation: ConnectorSituation = {
        judgement: judged,
        former: live['status'] as ConnectorStatus | undefined,
        workload: statefulSet && workloadOf(statefulSet),
        needs: needed,
        presenceOf: (need) => needs.presenceOf(judged.namespace, need),
        reporting: parts.reporting,
        taken,
        refusal,
        now: wall(),
      };
      const status = connectorStatusOf(situation);
      const written = await publish(CONNECTORS, connector, { live, status });
      const trimmed = await dropStale(written, Math.max(judged.connector.instances, podsOf(statefulSet)));
      return { situation, status, changed: trimmed !== live };
    },
    async topicMaps(judgement, connector) {
      let changed = false;
      for (const name of judgement.topicMaps.keys()) {
        const copy = parts.topicMaps.get(`${judgement.namespace}/${name}`);
        if (copy === undefined) continue;
        const live = latest.of(copy);
        const former = live['status'] as TopicMapStatus | undefined;
        const status = topicMapStatusOf({ judgement, name, former, connector, now: wall() });
        if (status === undefined) continue;
        changed = (await publish(TOPIC_MAPS, copy, { live, status })) !== live || changed;
      }
      return changed;
    },
  };
}

/** The list is another one by now, or the connector is gone: the change that tells so leads here again. */
function settleForLater(error: unknown, connector: StoredObject): StoredObject {
  if (error instanceof ApiError && [404, 409, 422].includes(error.code)) return connector;
  throw error;
}
