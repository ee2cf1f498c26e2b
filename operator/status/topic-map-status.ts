import type { TopicMapStatus } from '../../shared/resources/status.ts';
import type { BundleJudgement, ConnectorJudgement, TopicMapJudgement } from '../judge/bundle.ts';
import { faultyMaps } from './accepted.ts';
import { type ConnectorSituation, instancesOf } from './connector-status.ts';
import { conditionsOf, fails, type Finding, holds, unknown } from './finding.ts';
import { type InstancesView, podsText, standstill } from './instances.ts';
import { configStatus } from './level.ts';
import { errorsIn, problemListing } from './listing.ts';
import { type RoutesView, unreadyListing, viewRoutes } from './routes.ts';

/** Everything that the status of a topic map follows from. */
export interface TopicMapSituation {
  readonly judgement: BundleJudgement;
  /** Of the topic map. */
  readonly name: string;
  /** The status as it is. */
  readonly former: TopicMapStatus | undefined;
  /** Of its connector; absent where there is none. */
  readonly connector: ConnectorSituation | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Says how a topic map is; undefined where the judgement knows none of that name. */
export function topicMapStatusOf(situation: TopicMapSituation): TopicMapStatus | undefined {
  const { judgement, name, former, connector, now } = situation;
  const map = judgement.topicMaps.get(name);
  if (map === undefined) return undefined;
  const view = connector && instancesOf(connector);
  const routes = viewRoutes(view?.entries ?? []);
  const accepted = acceptedOf(map);
  const resolved = resolvedOf(judgement);
  const programmed = programmedOf(situation, map, view, [accepted, resolved]);
  const ready = readyOf({ map, name, programmed, view, routes });
  const { generation } = map;
  const findings = [
    { type: 'Accepted', ...accepted },
    { type: 'ConnectorResolved', ...resolved },
    { type: 'Programmed', ...programmed },
    { type: 'Ready', ...ready },
  ];
  return {
    observedGeneration: generation,
    ...configStatus({
      accepted,
      ready,
      runs: former?.configStatusLevel === 'Running' || former?.configStatusLevel === 'warn',
      warnings: problemListing(map.problems.filter(({ severity }) => severity === 'warning')),
      former: former?.configStatusLevel,
    }),
    conditions: conditionsOf(findings, former?.conditions ?? [], { generation, now }),
    routes: { total: map.routes, ready: view === undefined ? 0 : readyIn(map, name, view, routes) },
  };
}

function acceptedOf({ problems }: TopicMapJudgement): Finding {
  const errors = errorsIn(problems);
  return errors.length > 0 ? fails('Invalid', `${problemListing(errors)}.`) : holds('Accepted');
}

function resolvedOf({ connector, namespace, name, elsewhere }: BundleJudgement): Finding {
  if (connector !== undefined) return holds('ConnectorFound');
  if (name === '') return fails('ConnectorNotFound', 'The topic map names no connector.');
  const missing = `There is no MqttBridgeConnector ${name} in namespace ${namespace}.`;
  if (elsewhere.length === 0) return fails('ConnectorNotFound', missing);
  const where = `There is one in namespace ${elsewhere.slice(0, 5).join(', ')}`;
  return fails('ConnectorNotFound', `${missing} ${where}; both must be in one namespace.`);
}

function programmedOf(
  { judgement, name, connector }: TopicMapSituation,
  map: TopicMapJudgement,
  view: InstancesView | undefined,
  parts: readonly Finding[],
): Finding {
  const fault = parts.find(({ status }) => status === 'False');
  if (fault !== undefined) return fault;
  const held = judgement.connector && heldBack(judgement, judgement.connector, name);
  if (held !== undefined) return held;
  if (view === undefined || connector === undefined) return unknown('NotReported');
  if (view.wanted === 0) return fails('NoInstances');
  if (map.routes === 0) return fails('NoRoutes', 'The topic map has no routes.');
  if (connector.reporting === 'elsewhere') return unknown('ReportedElsewhere');
  const still = standstill(view);
  if (still !== undefined) return still.reason === 'RevisionPending' ? { ...still, status: 'False' } : still;
  return holds('Programmed');
}

/** Which fault elsewhere keeps a topic map from being taken. */
function heldBack(judgement: BundleJudgement, connector: ConnectorJudgement, name: string): Finding | undefined {
  const errors = errorsIn(connector.problems);
  if (errors.length > 0) {
    return fails('ConnectorInvalid', `MqttBridgeConnector ${judgement.name}: ${problemListing(errors)}.`);
  }
  const others = faultyMaps(judgement, name);
  return others === undefined ? undefined : fails('TopicMapInvalid', others);
}

function readyOf(parts: {
  readonly map: TopicMapJudgement;
  readonly name: string;
  readonly programmed: Finding;
  readonly view: InstancesView | undefined;
  readonly routes: RoutesView;
}): Finding {
  const { map, name, programmed, view, routes } = parts;
  if (programmed.status !== 'True' || view === undefined) return { ...programmed, status: notTrue(programmed) };
  const unready = routes.unready.get(name);
  if (unready !== undefined && unready.size > 0) {
    const total = `${map.routes - unready.size} of ${map.routes} routes pass messages.`;
    return fails('RoutesNotReady', `${total} ${unreadyListing(unready.values())}`);
  }
  if (routes.unnamed > 0) {
    return unknown('RoutesNotReady', `${routes.unnamed} routes of the connector are not ready that no instance names.`);
  }
  if (view.ready < view.wanted) return fails('InstancesNotReady', podsText(view.ready, view.wanted));
  return holds('Ready', 'All routes of the topic map pass messages.');
}

function notTrue({ status, reason }: Finding): Finding['status'] {
  return status === 'Unknown' && reason === 'ReportedElsewhere' ? 'Unknown' : 'False';
}

function readyIn(map: TopicMapJudgement, name: string, view: InstancesView, { unready, most }: RoutesView): number {
  if (view.ready === 0) return 0;
  return Math.max(0, Math.min(map.routes - (unready.get(name)?.size ?? 0), most));
}
