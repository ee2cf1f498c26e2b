import type { ConnectorStatus } from '../../shared/resources/status.ts';
import { selectorOf } from '../render/labels.ts';
import { workloadNameOf } from '../render/names.ts';
import { connectorAccepted, type WholeBundle } from './accepted.ts';
import type { CONNECTOR_CONDITIONS, TROUBLE_CONDITIONS } from './condition-types.ts';
import { conditionsOf, fails, type Finding, holds, type TypedFinding, unknown } from './finding.ts';
import { agreed, type InstancesView, podsText, saidBy, standstill, viewInstances } from './instances.ts';
import { configStatus } from './level.ts';
import { listing, problemListing, warningsIn } from './listing.ts';
import { type Need, needFault, type Presence } from './needs.ts';
import { isPassing } from './reasons.ts';
import { readyRoutes, type RoutesView, routesNotReady, viewRoutes } from './routes.ts';
import type { Workload } from './workload.ts';

/** Everything that the status of a connector follows from. */
export interface ConnectorSituation {
  readonly judgement: WholeBundle;
  /** The status as it is, entries of instances included. */
  readonly former: ConnectorStatus | undefined;
  /** Of its StatefulSet; absent while there is none. */
  readonly workload: Workload | undefined;
  /** Objects of others that have names of ours, such as `Service aio-mq-edge`. */
  readonly taken?: readonly string[];
  /** What the API server said when it did not take an object of ours; absent when it took all. */
  readonly refusal?: string | undefined;
  /** `needsOf` its document, and what else its pods mount. */
  readonly needs: readonly Need[];
  readonly presenceOf: (need: Need) => Presence;
  /** Whether agents write their entries; else they report to a control plane, which also defines their routes. */
  readonly reporting: 'status' | 'elsewhere';
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

/** The part of a connector's status that the operator writes. */
export type OperatorConnectorStatus = Omit<ConnectorStatus, 'instances'>;

/** A situation with what its instances say, read once for the connector and all of its topic maps. */
export interface Survey {
  readonly situation: ConnectorSituation;
  readonly view: InstancesView;
  readonly routes: RoutesView;
}

/** Conditions that are there only while they are true, as instances report them. */
const TROUBLES = ['ClientIdConflict'] satisfies (keyof typeof TROUBLE_CONDITIONS)[];

/** A connector and its thousand topic maps are described out of one situation. */
const surveys = new WeakMap<ConnectorSituation, Survey>();

/** Reads what instances say; once for each situation. */
export function surveyOf(situation: ConnectorSituation): Survey {
  const survey = surveys.get(situation) ?? readInstances(situation);
  surveys.set(situation, survey);
  return survey;
}

function readInstances(situation: ConnectorSituation): Survey {
  const { judgement, former, workload, reporting } = situation;
  const { document, instances, generation, obstacles } = judgement.connector;
  const inForce = document !== undefined && obstacles.length === 0;
  const view = viewInstances(reporting === 'status' ? (former?.instances ?? []) : [], {
    // What was refused changes nothing: as many pods as before are wanted.
    wanted: inForce ? instances : (workload?.wanted ?? instances),
    ready: workload?.ready ?? 0,
    generation,
    revision: document?.revision,
  });
  return { situation, view, routes: viewRoutes(view.entries) };
}

/** Says how a connector is; the same input gives the same status, and its own output changes nothing. */
export function connectorStatusOf(situation: ConnectorSituation): OperatorConnectorStatus {
  const survey = surveyOf(situation);
  const { view } = survey;
  const { judgement, former, now, reporting } = situation;
  const { generation, routes } = judgement.connector;
  const parts = partsOf(survey);
  const ready = readyCount(survey);
  const findings = [...Object.entries(parts).map(([type, finding]) => ({ type, ...finding })), ...troublesOf(survey)];
  if (isDegraded(survey, parts, ready)) {
    const text = `${ready} of ${routes.total} routes pass messages; ${podsText(view.ready, view.wanted)}`;
    findings.push({ type: 'Degraded', ...holds('PartlyReady', text) });
  }
  return {
    observedGeneration: generation,
    ...configStatus({
      accepted: parts.Accepted,
      credentials: parts.CredentialsValid,
      ready: parts.Ready,
      isRunning: view.ready > 0,
      warnings: warningsOf(situation),
      former: former?.configStatusLevel,
    }),
    conditions: conditionsOf(findings, former?.conditions ?? [], { generation, now }),
    ...(reporting === 'elsewhere'
      ? { routes: { total: routes.total } }
      : {
          routes: { total: routes.total, ready },
          backlog: view.entries.reduce((sum, { backlog = 0 }) => sum + backlog, 0),
        }),
  };
}

type Parts = Readonly<Record<keyof typeof CONNECTOR_CONDITIONS, Finding>>;

function partsOf(survey: Survey): Parts {
  const { situation, view } = survey;
  const { judgement, needs, presenceOf, taken } = situation;
  const idle = idleOf(situation, view);
  const parts = {
    Accepted: connectorAccepted(judgement, view, taken),
    LocalConnected: idle ?? agreed('LocalConnected', view, 'Connected'),
    RemoteConnected: idle ?? agreed('RemoteConnected', view, 'Connected'),
    CredentialsValid:
      needFault(needs, presenceOf, judgement.namespace) ?? idle ?? agreed('CredentialsValid', view, 'CredentialsValid'),
  };
  return { ...parts, Ready: readyOf(survey, parts, idle) };
}

/** Why there is nothing that instances could say. */
function idleOf({ judgement, reporting }: ConnectorSituation, { wanted }: InstancesView): Finding | undefined {
  if (wanted === 0) return unknown('NoInstances');
  if (reporting === 'elsewhere') return unknown('ReportedElsewhere');
  const { topicMaps, connector } = judgement;
  if (connector.routes.running > 0) return undefined;
  if (topicMaps.size === 0)
    return unknown('NoRoutes', 'No topic map names this connector, so there is nothing to run.');
  const names = listing([...topicMaps.keys()]);
  return unknown('NoRoutes', `No route of its topic maps (${names}) needs a client, so there is nothing to run.`);
}

/** The first of what stands in the way; with nothing in the way it is ready. */
function readyOf(survey: Survey, parts: Omit<Parts, 'Ready'>, idle: Finding | undefined): Finding {
  const { situation, view } = survey;
  const { workload, reporting, refusal } = situation;
  const { Accepted, CredentialsValid, LocalConnected, RemoteConnected } = parts;
  const faultOf = (findings: readonly Finding[]) => findings.find(({ status }) => status === 'False');
  const fault = faultOf([Accepted, CredentialsValid]);
  if (fault !== undefined) return fault;
  if (refusal !== undefined) return fails('WorkloadFailed', `The API server says: ${refusal}`);
  if (idle !== undefined && idle.reason !== 'ReportedElsewhere') return { ...idle, status: 'False' };
  const apart = faultOf([RemoteConnected, LocalConnected]);
  if (apart !== undefined) return apart;
  if (workload === undefined) return unknown('WorkloadPending');
  if (workload.wanted !== view.wanted || !workload.settled)
    return fails(
      'RollingOut',
      `Pods are being made or replaced: ${podsText(view.ready, view.wanted)}`,
      rolloutFix(situation),
    );
  const short = view.ready < view.wanted ? podsText(view.ready, view.wanted) : undefined;
  if (reporting === 'elsewhere') return short === undefined ? holds('PodsReady') : podsNotReady(situation, short);
  return instancesReady(survey, short);
}

function instancesReady({ situation, view, routes }: Survey, short: string | undefined): Finding {
  const { running } = situation.judgement.connector.routes;
  const ready = readyRoutes(running, routes);
  const unready = [...routes.unready.values()].flatMap((ofMap) => [...ofMap.values()]);
  const text = `${ready} of ${running} routes pass messages.`;
  if (unready.length > 0) return routesNotReady(text, unready);
  const refused = saidBy('Ready', view, 'False');
  if (refused !== undefined) return refused;
  const still = standstill(view);
  if (still?.reason === 'RevisionPending') return fails(still.reason, still.text);
  if (short !== undefined)
    return podsNotReady(situation, still?.reason === 'NotReported' ? `${short} ${still.text}` : short);
  if (still !== undefined) return unknown(still.reason, still.text);
  return ready < running ? fails('RoutesNotReady', text) : agreed('Ready', view, 'Ready');
}

function rolloutFix({ judgement: { namespace, name } }: ConnectorSituation): string {
  return `If it stays so: kubectl describe statefulset -n ${namespace} ${workloadNameOf(name)}`;
}

function podsNotReady({ judgement: { namespace, name } }: ConnectorSituation, text: string): Finding {
  const pods = Object.entries(selectorOf(name)).map(([label, value]) => `${label}=${value}`);
  return fails('InstancesNotReady', text, `Try: kubectl describe pods -n ${namespace} -l ${pods.join(',')}`);
}

/** How many routes of all topic maps pass messages. */
function readyCount({ situation, view, routes }: Survey): number {
  return view.ready === 0 ? 0 : readyRoutes(situation.judgement.connector.routes.running, routes);
}

function troublesOf({ view }: Survey): TypedFinding[] {
  return TROUBLES.flatMap((type) => {
    const said = saidBy(type, view, 'True');
    return said === undefined ? [] : [{ type, ...said }];
  });
}

/** Messages pass, and something that worked stopped or fails; it lasts until all is ready, or something else is wanted. */
function isDegraded({ situation, view }: Survey, { Accepted, Ready }: Parts, ready: number): boolean {
  if (Accepted.status !== 'True' || Ready.status === 'True') return false;
  // An instance that comes back, or tries to again and again, gives reasons that end by themselves.
  if (wasTrue('Degraded', situation)) return view.ready > 0 && Ready.reason !== 'RollingOut';
  if (ready === 0 || Ready.status === 'Unknown') return false;
  // Pods that were never all ready may be on their way for the first time.
  return Ready.reason === 'InstancesNotReady' ? wasTrue('Ready', situation) : !isPassing(Ready.reason);
}

/** Whether a condition was True of the connector as it is. */
function wasTrue(type: string, { former, judgement }: ConnectorSituation): boolean {
  const { generation } = judgement.connector;
  return (former?.conditions ?? []).some(
    (condition) =>
      condition.type === type && condition.status === 'True' && condition.observedGeneration === generation,
  );
}

/** What a level and a reason of its own say already. */
const SAID_OTHERWISE = ['BC014', 'XR002'];

function warningsOf({ judgement }: ConnectorSituation): string {
  const all = [judgement.connector, ...judgement.topicMaps.values()].flatMap(({ problems }) => warningsIn(problems));
  return problemListing(all.filter(({ rule }) => !SAID_OTHERWISE.includes(rule)));
}
