import { ApiError } from '../kubernetes/client.ts';
import { isGoing, type StoredObject } from '../kubernetes/object.ts';
import type { BundleJudgement } from './judge/bundle.ts';
import type { Judge } from './judge/judge.ts';
import type { FencedClient } from './lead/fenced-client.ts';
import type { Describer, Found } from './publish/describe.ts';
import type { KubernetesObject } from './render/kubernetes.ts';
import type { OperatorLogger } from './logger.ts';
import type { RenderOptions } from './render/options.ts';
import { renderConnector } from './render/render.ts';
import type { NeededObjects } from './watch/needed-objects.ts';
import type { OwnedObjects } from './watch/owned-objects.ts';
import { essence } from './workload/fields.ts';
import { observe, perform, removeLeftovers } from './workload/perform.ts';
import { placeOf, plan } from './workload/plan.ts';

/** What reconciling works with. */
export interface ReconcilerParts {
  readonly client: FencedClient;
  readonly connectors: ReadonlyMap<string, StoredObject>;
  readonly owned: OwnedObjects;
  readonly judge: Judge;
  readonly needs: NeededObjects;
  readonly describer: Describer;
  readonly render: RenderOptions;
  readonly logger: OperatorLogger;
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

type Judged = Found['judged'];

/** Makes the function that does the work. */
export function createReconciler(parts: ReconcilerParts): Reconcile {
  const { connectors, judge, owned, describer } = parts;
  return async (key) => {
    const connector = connectors.get(key);
    const judgement = judge.judgementOf(key);
    if (connector !== undefined && isGoing(connector)) return { outcome: 'deleting', ready: undefined };
    if (connector === undefined || judgement?.connector === undefined) return await forgo(key, judgement, parts);
    const judged: Judged = { ...judgement, connector: judgement.connector };
    const work = await bringAbout(key, { connector, judged }, parts).catch(keepRefusal);
    const statefulSet = owned.of(key).find(({ kind }) => kind === 'StatefulSet');
    const said = await describer.connector({
      connector,
      judged,
      statefulSet,
      taken: work.taken,
      refusal: work.refusal?.message,
    });
    const mapsChanged = await describer.topicMaps(judged, said.situation);
    if (work.refusal !== undefined) throw work.refusal;
    const ready = said.status.conditions?.find(({ type }) => type === 'Ready')?.status;
    return { outcome: outcomeOf(judged, work, said.changed || mapsChanged), ready };
  };
}

/** There is no connector: what it left goes, and its topic maps say that it is missing. */
async function forgo(key: string, judgement: BundleJudgement | undefined, parts: ReconcilerParts): Promise<Pass> {
  const { client, needs, owned, describer } = parts;
  await needs.want(key, []);
  const removed = await removeLeftovers(client, owned.of(key));
  const changed = judgement !== undefined && (await describer.topicMaps(judgement, undefined));
  return { outcome: removed || changed ? 'changed' : 'gone', ready: undefined };
}

interface Work {
  /** Objects of others that have names of ours. */
  readonly taken: readonly string[];
  readonly changed: boolean;
  /** The API server does not take one of its objects. */
  readonly refusal?: ApiError;
}

/** A refusal that stays until somebody acts, such as by a quota or a webhook, is told in the status before it is tried again. */
function keepRefusal(error: unknown): Work {
  if (error instanceof ApiError && [400, 403, 422].includes(error.code)) {
    return { taken: [], changed: false, refusal: error };
  }
  throw error;
}

async function bringAbout(
  key: string,
  { connector, judged }: Pick<Found, 'connector' | 'judged'>,
  { client, owned, render, logger }: ReconcilerParts,
): Promise<Work> {
  const wanted = wantedOf(connector, judged, render);
  if (wanted === undefined) return { taken: [], changed: false };
  const objects = await observe(client, owned.of(key), wanted);
  const planned = plan({ owner: connector.metadata.uid, objects }, wanted);
  if (planned.kind === 'taken') return { taken: planned.objects.map(nameOf), changed: false };
  for (const action of planned.actions) {
    const object = await perform(client, action);
    if (object !== undefined) owned.put(essence(object));
  }
  if (planned.actions.length > 0) {
    const [applied, removed] = ['apply', 'remove'].map((kind) =>
      planned.actions.filter((action) => action.kind === kind).map(({ object }) => nameOf(object)),
    );
    logger.info({ evt: 'WorkloadChanged', connector: key, applied, removed }, `${key}: its objects are as wanted now`);
  }
  return { taken: [], changed: planned.actions.length > 0 };
}

/** Undefined while nobody can say what is wanted: what is there stays. */
function wantedOf(
  { metadata }: StoredObject,
  { connector: { document } }: Judged,
  options: RenderOptions,
): readonly KubernetesObject[] | undefined {
  if (document === undefined) return undefined;
  const { uid, namespace } = metadata;
  const rendering = renderConnector(document.connector, { uid, namespace }, options);
  return rendering.kind === 'rendered' ? rendering.objects : undefined;
}

function nameOf(object: Parameters<typeof placeOf>[0]): string {
  return placeOf(object).replace('/', ' ');
}

function outcomeOf({ connector }: Judged, work: Work, described: boolean): Outcome {
  if (work.taken.length > 0) return 'taken';
  if (connector.document === undefined || connector.obstacles.length > 0) return 'invalid';
  return work.changed || described ? 'changed' : 'unchanged';
}
