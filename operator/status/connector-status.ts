import type { ConnectorStatus, InstanceStatus } from '../../shared/resources/status.ts';
import type { BundleJudgement, ConnectorJudgement } from '../judge/bundle.ts';
import { connectorAccepted } from './accepted.ts';
import { conditionsOf, fails, type Finding, holds, type TypedFinding, unknown } from './finding.ts';
import { agreed, type InstancesView, podsText, refusalOf, standstill, viewInstances } from './instances.ts';
import { levelOf } from './level.ts';
import { type Need, needFault, type Presence } from './needs.ts';
import { readyRoutes, type RoutesView, unreadyListing, viewRoutes } from './routes.ts';
import type { Workload } from './workload.ts';

/** Everything that the status of a connector follows from. */
export interface ConnectorSituation {
  readonly judgement: BundleJudgement & { readonly connector: ConnectorJudgement };
  /** The status as it is, entries of instances included. */
  readonly former: ConnectorStatus | undefined;
  /** Of its StatefulSet; absent while there is none. */
  readonly workload: Workload | undefined;
  /** `needsOf` its document, and what else its pods mount. */
  readonly needs: readonly Need[];
  readonly presenceOf: (need: Need) => Presence;
  /** Whether agents write their entries; else they report to a control plane. */
  readonly reporting: 'status' | 'elsewhere';
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The part of a connector's status that the operator writes. */
export type OperatorConnectorStatus = Omit<ConnectorStatus, 'instances'>;

/** Conditions that only exist while they are true, as instances report them. */
const TROUBLES = ['BackPressured', 'ClientIdConflict', 'SpoolFull'];

/** Says how a connector is; the same input gives the same status, and its own output changes nothing. */
export function connectorStatusOf(situation: ConnectorSituation): OperatorConnectorStatus {
  const { judgement, former, now } = situation;
  const { generation, routes: total } = judgement.connector;
  const view = instancesOf(situation);
  const routes = viewRoutes(view.entries);
  const ready = view.ready === 0 ? 0 : readyRoutes(total, routes);
  const findings = findingsOf(situation, view, routes, ready);
  const conditions = conditionsOf(findings, former?.conditions ?? [], { generation, now });
  return {
    observedGeneration: generation,
    ...levelOf(situation, new Map(findings.map((finding) => [finding.type, finding]))),
    conditions,
    routes: { total, ready },
    backlog: view.entries.reduce((sum, { backlog = 0 }) => sum + backlog, 0),
  };
}

/** Instances that count for a connector. */
export function instancesOf({ judgement, former, workload, reporting }: ConnectorSituation): InstancesView {
  const entries: readonly InstanceStatus[] = reporting === 'status' ? (former?.instances ?? []) : [];
  const { document, instances } = judgement.connector;
  // What was refused changes nothing: as many pods as before are wanted.
  const wanted = document === undefined ? (workload?.wanted ?? instances) : instances;
  return viewInstances(entries, { wanted, ready: workload?.ready ?? 0 }, document?.revision);
}

function findingsOf(
  situation: ConnectorSituation,
  view: InstancesView,
  routes: RoutesView,
  ready: number,
): TypedFinding[] {
  const accepted = connectorAccepted(situation.judgement, view);
  const idle = idleOf(situation, view);
  const side = (type: string): Finding => idle ?? agreed(type, view, 'Connected');
  const local = side('LocalConnected');
  const remote = side('RemoteConnected');
  const credentials = credentialsOf(situation, view, idle);
  const summary = readyOf(situation, view, routes, { accepted, idle, local, remote, credentials });
  const total = situation.judgement.connector.routes;
  const partly = summary.status !== 'True' && ready > 0 && ready < total && view.outdated.length === 0;
  const troubles = TROUBLES.flatMap((type): TypedFinding[] => {
    const found = refusalOf(type, view, 'True');
    return found === undefined ? [] : [{ ...found, type, status: 'True' }];
  });
  return [
    { type: 'Accepted', ...accepted },
    { type: 'LocalConnected', ...local },
    { type: 'RemoteConnected', ...remote },
    { type: 'CredentialsValid', ...credentials },
    { type: 'Ready', ...summary },
    ...(partly ? [{ type: 'Degraded', ...holds('PartlyReady', `${ready} of ${total} routes pass messages.`) }] : []),
    ...troubles,
  ];
}

/** Why there is nothing that instances could say. */
function idleOf({ judgement, reporting }: ConnectorSituation, view: InstancesView): Finding | undefined {
  if (view.wanted === 0) return unknown('NoInstances');
  if (judgement.connector.routes === 0) return unknown('NoRoutes', noRoutesText(judgement));
  if (reporting === 'elsewhere') return unknown('ReportedElsewhere');
  return undefined;
}

function noRoutesText({ topicMaps }: BundleJudgement): string {
  if (topicMaps.size === 0) return 'No topic map names this connector, so there is nothing to run.';
  return `No topic map of this connector has routes (${[...topicMaps.keys()].slice(0, 5).join(', ')}).`;
}

function credentialsOf(situation: ConnectorSituation, view: InstancesView, idle: Finding | undefined): Finding {
  const { needs, presenceOf, judgement } = situation;
  return (
    needFault(needs, presenceOf, judgement.namespace) ?? idle ?? agreed('CredentialsValid', view, 'CredentialsValid')
  );
}

interface Parts {
  readonly accepted: Finding;
  readonly idle: Finding | undefined;
  readonly local: Finding;
  readonly remote: Finding;
  readonly credentials: Finding;
}

/** The first of what stands in the way; with nothing in the way it is ready. */
function readyOf(situation: ConnectorSituation, view: InstancesView, routes: RoutesView, parts: Parts): Finding {
  const { judgement, workload, reporting } = situation;
  const { accepted, idle, local, remote, credentials } = parts;
  for (const part of [accepted, credentials]) if (part.status === 'False') return part;
  if (idle !== undefined && idle.reason !== 'ReportedElsewhere') return { ...idle, status: 'False' };
  for (const part of [remote, local]) if (part.status === 'False') return part;
  if (workload === undefined) return fails('WorkloadPending');
  if (workload.wanted !== view.wanted || !workload.settled) return fails('RollingOut');
  const short = workload.ready < view.wanted ? podsText(workload.ready, view.wanted) : undefined;
  if (reporting === 'elsewhere') return short === undefined ? holds('PodsReady') : fails('InstancesNotReady', short);
  const refused = refusalOf('Ready', view);
  if (refused !== undefined) return refused;
  const unsaid = standstill(view);
  if (unsaid !== undefined) return { ...unsaid, status: 'False' };
  if (short !== undefined) return fails('InstancesNotReady', short);
  return routesReady(judgement.connector.routes, routes) ?? agreed('Ready', view, 'Ready');
}

function routesReady(total: number, routes: RoutesView): Finding | undefined {
  const ready = readyRoutes(total, routes);
  if (ready >= total) return undefined;
  const named = unreadyListing([...routes.unready.values()].flatMap((ofMap) => [...ofMap.values()]));
  return fails('RoutesNotReady', `${ready} of ${total} routes pass messages. ${named}`.trimEnd());
}
