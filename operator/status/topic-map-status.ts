import type { StatusCondition, TopicMapStatus } from '../../shared/resources/status.ts';
import type { BundleJudgement, TopicMapJudgement } from '../judge/bundle.ts';
import { faultyMapsText } from './accepted.ts';
import { type ConnectorSituation, type Survey, surveyOf } from './connector-status.ts';
import { conditionsOf, fails, type Finding, holds, unknown } from './finding.ts';
import { podsText, standstill } from './instances.ts';
import { configStatus, wasTaken } from './level.ts';
import { errorsIn, problemListing, warningsIn } from './listing.ts';
import { routesNotReady } from './routes.ts';

/** Everything that the status of a topic map follows from. */
export interface TopicMapSituation {
  readonly judgement: BundleJudgement;
  /** Of the topic map. */
  readonly name: string;
  /** The status as it is. */
  readonly former: TopicMapStatus | undefined;
  /** Of its connector; absent where there is none. */
  readonly connector: ConnectorSituation | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

const ELSEWHERE =
  'Agents have their routes from a control plane, where this topic map means nothing unless it is applied there, too.';

type Surveyed = TopicMapSituation & { readonly survey: Survey | undefined };

/** Says how a topic map is; undefined where the judgement knows none of that name. */
export function topicMapStatusOf(situation: TopicMapSituation): TopicMapStatus | undefined {
  const { judgement, name, former, now } = situation;
  const survey = situation.connector && surveyOf(situation.connector);
  const map = judgement.topicMaps.get(name);
  if (map === undefined) return undefined;
  const { generation } = map;
  const Accepted = acceptedOf(map);
  const ConnectorResolved = resolvedOf(judgement);
  const Programmed = programmedOf({ ...situation, survey }, map, [Accepted, ConnectorResolved]);
  const Ready = readyOf({ ...situation, survey }, map, Programmed);
  const findings = Object.entries({ Accepted, ConnectorResolved, Programmed, Ready });
  return {
    observedGeneration: generation,
    ...configStatus({
      accepted: Accepted,
      credentials: undefined,
      ready: Ready,
      isRunning: wasTaken(former?.configStatusLevel),
      warnings: problemListing(warningsIn(map.problems)),
      former: former?.configStatusLevel,
    }),
    conditions: conditionsOf(
      findings.map(([type, finding]) => ({ type, ...finding })),
      former?.conditions ?? [],
      { generation, now },
    ),
    routes: routesOf(map, name, survey),
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
  const where = `There is one in namespace ${elsewhere.slice(0, 3).join(', ')}.`;
  return fails('ConnectorNotFound', `${missing} ${where}`, 'Put both into one namespace.');
}

/** Whether all instances run the topic map as it is, in whatever revision of the whole. */
function programmedOf(situation: Surveyed, map: TopicMapJudgement, parts: readonly Finding[]): Finding {
  const { judgement, survey } = situation;
  const fault = parts.find(({ status }) => status === 'False');
  if (fault !== undefined) return fault;
  if (survey === undefined || judgement.connector === undefined) return unknown('NotReported');
  const { view } = survey;
  if (view.wanted === 0) return fails('NoInstances');
  if (survey.situation.reporting === 'elsewhere')
    return unknown('ReportedElsewhere', ELSEWHERE, 'Try: mqttbridge apply');
  const held = heldBack(situation);
  const still = standstill(view);
  if (held === undefined && still === undefined) return holds('Programmed');
  // It stays so while others change, or hold back what is new: what runs has it as it is.
  const goesOn =
    still === undefined || (still.reason === 'RevisionPending' && view.outdated.every(({ revision }) => revision));
  if (goesOn && wasProgrammed(situation, map)) return holds('Programmed');
  if (held !== undefined) return held;
  if (still === undefined) return unknown('NotReported');
  return still.reason === 'RevisionPending' ? fails(still.reason, still.text) : unknown(still.reason, still.text);
}

function wasProgrammed({ former }: TopicMapSituation, { generation }: TopicMapJudgement): boolean {
  const isTrue = ({ type, status, observedGeneration }: StatusCondition) =>
    type === 'Programmed' && status === 'True' && observedGeneration === generation;
  return former?.conditions?.some(isTrue) === true;
}

/** Which fault elsewhere keeps a topic map from being taken. */
function heldBack({ judgement, name }: TopicMapSituation): Finding | undefined {
  const { connector, faulty } = judgement;
  if (connector === undefined || connector.document !== undefined) return undefined;
  const errors = errorsIn(connector.problems);
  if (errors.length > 0) {
    return fails('ConnectorInvalid', `MqttBridgeConnector ${judgement.name}: ${problemListing(errors)}.`);
  }
  const others = faulty.filter((other) => other !== name);
  return fails('TopicMapInvalid', faultyMapsText(judgement, others));
}

function readyOf({ name, survey }: Surveyed, map: TopicMapJudgement, programmed: Finding): Finding {
  if (programmed.status !== 'True' || survey === undefined) return programmed;
  const { view, routes } = survey;
  const { running, total } = map.routes;
  if (running === 0) {
    const text = total === 0 ? 'The topic map has no routes.' : 'No route of the topic map needs a client.';
    return fails('NoRoutes', text, 'Add a route, or set groupMinimumShareNumber to 1 or more.');
  }
  const unready = routes.unready.get(name);
  if (unready !== undefined) {
    const passing = `${Math.max(0, running - unready.size)} of ${running} routes pass messages.`;
    return routesNotReady(passing, [...unready.values()]);
  }
  if (view.ready < view.wanted) return fails('InstancesNotReady', podsText(view.ready, view.wanted));
  if (routes.unnamed > 0) {
    const count = routes.unnamed.toLocaleString('en-US');
    return unknown(
      'RoutesNotReady',
      `Routes of the connector that do not pass messages and are not named: ${count}.`,
      '',
    );
  }
  return routes.most < running
    ? fails('RoutesNotReady', `${routes.most} of ${running} routes pass messages.`)
    : holds('Ready', 'All routes of the topic map pass messages.');
}

function routesOf({ routes }: TopicMapJudgement, name: string, survey: Survey | undefined): TopicMapStatus['routes'] {
  const { total, running } = routes;
  if (survey === undefined) return { total, ready: 0 };
  if (survey.situation.reporting === 'elsewhere') return { total };
  const { view, routes: said } = survey;
  const ready = view.ready === 0 ? 0 : Math.min(running - (said.unready.get(name)?.size ?? 0), said.most);
  return { total, ready: Math.max(0, ready) };
}
