import type { StoredObject } from '../../../../kubernetes/object.ts';
import { createJudge } from '../../../../operator/judge/judge.ts';
import type { ConnectorSituation } from '../../../../operator/status/connector-status.ts';
import type { ConnectorStatus, InstanceStatus, StatusCondition } from '../../../../shared/resources/status.ts';
import { connectorResource, type SentResource, topicMapResource } from '../../../support/resources.ts';

export const NAMESPACE = 'plant';
/** 2026-11-23T15:00:00Z. */
export const NOW = Date.UTC(2026, 10, 23, 15);

/** An object as the API server has it. */
export function stored(
  resource: Omit<SentResource, 'spec'> & { readonly spec?: unknown },
  metadata: Partial<StoredObject['metadata']> = {},
): StoredObject {
  const { name, namespace = NAMESPACE } = resource.metadata;
  const generation = metadata.generation ?? 1;
  const own = { name, namespace, uid: `uid-${resource.kind}-${name}`, resourceVersion: String(generation), generation };
  return { ...resource, metadata: { ...own, ...metadata } };
}

/** A connector as the API server has it. */
export function connectorObject(spec: Readonly<Record<string, unknown>> = {}, name = 'edge'): StoredObject {
  return stored(connectorResource(name, spec));
}

/** A topic map of one route as the API server has it. */
export function topicMapObject(name = 'telemetry', connector = 'edge', source?: string): StoredObject {
  return stored(topicMapResource(name, connector, source));
}

/** The judgement of the connector `edge` among some objects. */
export function judge(objects: readonly StoredObject[], key = `${NAMESPACE}/edge`) {
  const judging = createJudge();
  for (const now of objects) judging.note({ before: undefined, now });
  const judgement = judging.judgementOf(key);
  if (judgement === undefined) throw new RangeError(`nothing of ${key}`);
  return judgement;
}

/** A situation with one topic map in which nothing has happened yet. */
export function situationOf(
  objects: readonly StoredObject[] = [connectorObject(), topicMapObject()],
  rest: Partial<Omit<ConnectorSituation, 'judgement'>> = {},
): ConnectorSituation {
  const judgement = judge(objects);
  const { connector } = judgement;
  if (connector === undefined) throw new RangeError('there is no connector');
  return {
    judgement: { ...judgement, connector },
    former: undefined,
    workload: undefined,
    needs: [],
    presenceOf: () => ({ kind: 'unknown' }),
    reporting: 'status',
    now: NOW,
    ...rest,
  };
}

/** A condition of an instance. */
export function condition(
  type: string,
  status: StatusCondition['status'] = 'True',
  reason = 'AsWanted',
  message = '',
): StatusCondition {
  return { type, status, reason, message, lastTransitionTime: '2026-11-23T14:00:00Z' };
}

/** An entry that says that all is well. */
export function entryOf(instance: number, rest: Partial<InstanceStatus> = {}): InstanceStatus {
  const types = ['Accepted', 'LocalConnected', 'RemoteConnected', 'CredentialsValid', 'Ready'];
  return {
    instance: String(instance),
    routes: { total: 1, ready: 1 },
    backlog: 0,
    conditions: types.map((type) => condition(type)),
    ...rest,
  };
}

/** The situation once its instances run what is wanted, or the last good, and all is well. */
export function settled(situation: ConnectorSituation, entry: Partial<InstanceStatus> = {}): ConnectorSituation {
  const { document, instances: wanted } = situation.judgement.connector;
  const instances = Array.from({ length: wanted }, (_, number) =>
    entryOf(number, { revision: document?.revision ?? 'last-good', ...entry }),
  );
  const former: ConnectorStatus = { ...situation.former, instances };
  return { ...situation, former, workload: { wanted, ready: wanted, settled: true } };
}

/** Conditions of an entry, all well but those that are given. */
export function withConditions(
  given: Readonly<Record<string, readonly [status: StatusCondition['status'], reason: string, message: string]>>,
): Pick<InstanceStatus, 'conditions'> {
  const others = (entryOf(0).conditions ?? []).filter(({ type }) => !Object.hasOwn(given, type));
  const changed = Object.entries(given).map(([type, [status, reason, message]]) =>
    condition(type, status, reason, message),
  );
  return { conditions: [...others, ...changed] };
}
