import { CONNECTORS, type StoredObject, TOPIC_MAPS } from '../kubernetes/object.ts';
import type { ConnectorStatus, TopicMapStatus } from '../shared/resources/status.ts';
import type { BundleJudgement, ConnectorJudgement } from './judge/bundle.ts';
import type { Judge } from './judge/judge.ts';
import type { FencedClient } from './lead/fenced-client.ts';
import type { Recorder } from './publish/events.ts';
import { podsOf, staleInstances } from './publish/instances.ts';
import { createLatest } from './publish/latest.ts';
import { writeStatus } from './publish/status.ts';
import type { KubernetesObject } from './render/kubernetes.ts';
import type { RenderOptions } from './render/options.ts';
import { renderConnector } from './render/render.ts';
import { type ConnectorSituation, connectorStatusOf } from './status/connector-status.ts';
import { needsOf } from './status/needs.ts';
import { topicMapStatusOf } from './status/topic-map-status.ts';
import { transitionsOf } from './status/transitions.ts';
import { workloadOf } from './status/workload.ts';
import type { NeededObjects } from './watch/needs.ts';
import type { OwnedObjects } from './watch/owned.ts';
import { observe, perform, removeLeftovers } from './workload/perform.ts';
import { placeOf, plan } from './workload/plan.ts';

/** What reconciling works with. */
export interface ReconcilerParts {
  readonly client: FencedClient;
  readonly connectors: ReadonlyMap<string, StoredObject>;
  readonly topicMaps: ReadonlyMap<string, StoredObject>;
  readonly owned: OwnedObjects;
  readonly judge: Judge;
  readonly needs: NeededObjects;
  readonly recorder: Recorder;
  readonly render: RenderOptions;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

/** How one connector was brought to what is wanted. */
export type Outcome =
  | 'unchanged'
  | 'changed'
  /** It, or a topic map of it, has errors: what ran goes on. */
  | 'invalid'
  /** Objects of others have the names it needs. */
  | 'taken'
  /** There is no such connector. */
  | 'gone'
  /** It is on its way out, and the garbage collector with it. */
  | 'deleting';

/** Where a connector stands after a pass. */
export interface Pass {
  readonly outcome: Outcome;
  /** What its condition Ready says; undefined where there is no connector. */
  readonly ready: string | undefined;
}

/** Brings one connector, named by `namespace/name`, and all that belongs to it to what is wanted; rejects where a request failed. */
export type Reconcile = (key: string) => Promise<Pass>;

type JudgedBundle = BundleJudgement & { readonly connector: ConnectorJudgement };

/** Makes the function that does the work. */
export function createReconciler(parts: ReconcilerParts): Reconcile {
  const { connectors, judge, needs, owned, client } = parts;
  const latest = createLatest();

  async function reconcile(key: string): Promise<Pass> {
    const connector = connectors.get(key);
    const judgement = judge.judgementOf(key);
    if (connector?.metadata.deletionTimestamp !== undefined) return { outcome: 'deleting', ready: undefined };
    if (connector === undefined || judgement?.connector === undefined) return await withoutConnector(key, judgement);
    const judged: JudgedBundle = { ...judgement, connector: judgement.connector };
    const work = await bringAbout(key, connector, judged);
    const { situation, changed } = await describe(key, connector, { judged, taken: work.taken });
    const mapsChanged = await describeMaps(judged, situation);
    const ready = situation.former?.conditions?.find(({ type }) => type === 'Ready')?.status;
    return { outcome: outcomeOf(judged, work, changed || mapsChanged), ready };
  }

  async function withoutConnector(key: string, judgement: BundleJudgement | undefined): Promise<Pass> {
    await needs.want(key, []);
    const removed = await removeLeftovers(client, owned.of(key));
    const changed = judgement !== undefined && (await describeMaps(judgement, undefined));
    return { outcome: removed || changed ? 'changed' : 'gone', ready: undefined };
  }

  async function bringAbout(key: string, connector: StoredObject, judged: JudgedBundle): Promise<Work> {
    const wanted = wantedOf(connector, judged, parts.render);
    if (wanted === undefined) return { taken: [], changed: false };
    const objects = await observe(client, owned.of(key), wanted);
    const planned = plan({ owner: connector.metadata.uid, objects }, wanted);
    if (planned.kind === 'taken') return { taken: planned.objects.map(nameOf), changed: false };
    for (const action of planned.actions) {
      const object = await perform(client, action);
      if (object !== undefined) owned.put(object);
    }
    return { taken: [], changed: planned.actions.length > 0 };
  }

  /** Writes what is to be said of a connector. */
  async function describe(
    key: string,
    connector: StoredObject,
    { judged, taken }: { readonly judged: JudgedBundle; readonly taken: readonly string[] },
  ): Promise<{ readonly situation: ConnectorSituation; readonly changed: boolean }> {
    const { document } = judged.connector;
    const needed = document === undefined ? [] : needsOf(document.connector);
    await needs.want(key, needed);
    const live = latest.of(connector);
    const statefulSet = owned.of(key).find(({ kind }) => kind === 'StatefulSet');
    const situation: ConnectorSituation = {
      judgement: judged,
      former: live['status'] as ConnectorStatus | undefined,
      workload: statefulSet && workloadOf(statefulSet),
      needs: needed,
      presenceOf: (need) => needs.presenceOf(judged.namespace, need),
      reporting: parts.render.definition.kind === 'kubernetes' ? 'status' : 'elsewhere',
      taken,
      now: parts.wall(),
    };
    const status = connectorStatusOf(situation);
    const written = await publish(CONNECTORS, connector, { live, status });
    const trimmed = await dropStale(written, podsOf(statefulSet));
    return {
      situation: { ...situation, former: { ...situation.former, ...status } },
      changed: trimmed !== live,
    };
  }

  async function dropStale(connector: StoredObject, pods: number): Promise<StoredObject> {
    const steps = staleInstances(connector, pods);
    if (steps.length === 0) return connector;
    return await client.patch(CONNECTORS, connector.metadata, steps, { status: true });
  }

  async function describeMaps(judgement: BundleJudgement, connector: ConnectorSituation | undefined): Promise<boolean> {
    let changed = false;
    for (const name of judgement.topicMaps.keys()) {
      const reflected = parts.topicMaps.get(`${judgement.namespace}/${name}`);
      if (reflected === undefined) continue;
      const live = latest.of(reflected);
      const former = live['status'] as TopicMapStatus | undefined;
      const status = topicMapStatusOf({ judgement, name, former, connector, now: parts.wall() });
      if (status === undefined) continue;
      changed = (await publish(TOPIC_MAPS, reflected, { live, status })) !== live || changed;
    }
    return changed;
  }

  async function publish(
    kind: typeof CONNECTORS,
    reflected: StoredObject,
    { live, status }: { readonly live: StoredObject; readonly status: ConnectorStatus | TopicMapStatus },
  ): Promise<StoredObject> {
    const written = await writeStatus(client, kind, { live, status });
    if (written === live) return live;
    latest.put(reflected, written);
    parts.recorder.record(written, transitionsOf(live['status'] ?? undefined, status));
    return written;
  }

  return reconcile;
}

interface Work {
  /** Objects of others that have names of ours. */
  readonly taken: readonly string[];
  readonly changed: boolean;
}

/** Undefined while nobody can say what is wanted: what is there stays. */
function wantedOf(
  { metadata }: StoredObject,
  { connector: { document } }: JudgedBundle,
  options: RenderOptions,
): readonly KubernetesObject[] | undefined {
  if (document === undefined) return undefined;
  const { uid, namespace } = metadata;
  const rendering = renderConnector(document.connector, { uid, namespace }, options);
  return rendering.kind === 'rendered' ? rendering.objects : undefined;
}

function nameOf(object: StoredObject): string {
  return placeOf(object).replace('/', ' ');
}

function outcomeOf({ connector }: JudgedBundle, work: Work, described: boolean): Outcome {
  if (work.taken.length > 0) return 'taken';
  if (connector.document === undefined || connector.obstacles.length > 0) return 'invalid';
  return work.changed || described ? 'changed' : 'unchanged';
}
