import { eventGridHost } from './event-grid.ts';
import { parseEndpoint } from './endpoint.ts';
import type { ConnectorDocument } from './plan/document.ts';
import { planConnector, type PlanOptions } from './plan/plan.ts';
import type { LanePlan } from './plan/types.ts';
import type { Route } from './resources/topic-map.ts';
import { compileFilter, hasWildcard, matchesFilter } from './topic/filter.ts';
import { compileMapping } from './topic/mapping.ts';
import { topicNameFault } from './topic/name.ts';

/** Which way a message goes. */
export type Direction = Route['direction'];

/** What one route does with a message of the asked topic. */
export interface RouteExplanation {
  readonly topicMap: string;
  readonly route: string;
  readonly direction: Direction;
  readonly source: string;
  /** Whether a message would be forwarded. */
  readonly matched: boolean;
  /** One clause: why it is forwarded, or why not. */
  readonly reason: string;
  /** Where it goes; only when matched. */
  readonly topic?: string;
  /** Highest QoS it is sent with. */
  readonly qos: 0 | 1 | 2;
  readonly retain: Route['retain'];
  /** Lanes that read the route, one per share, with their slots and session keys. */
  readonly lanes: readonly Pick<LanePlan, 'key' | 'slot' | 'source' | 'target'>[];
  readonly warnings: readonly string[];
}

/** Says for every route of a connector (of one direction, when given) what happens to a message of this topic. */
export function explainTopic(
  document: Pick<ConnectorDocument, 'connector' | 'topicMaps'>,
  topic: string,
  direction?: Direction,
  options: PlanOptions = {},
): RouteExplanation[] {
  const lanes = Map.groupBy(
    planConnector(document, options).lanes,
    ({ topicMap, route }) => `${topicMap}/${route.name}`,
  );
  return document.topicMaps.flatMap((map) =>
    map.spec.routes
      .filter((route) => direction === undefined || route.direction === direction)
      .map((route) => {
        const running = lanes.get(`${map.metadata.name}/${route.name}`) ?? [];
        return explainRoute(document, map.metadata.name, route, topic, running);
      }),
  );
}

function explainRoute(
  document: Pick<ConnectorDocument, 'connector'>,
  topicMap: string,
  route: Route,
  topic: string,
  lanes: readonly LanePlan[],
): RouteExplanation {
  const { name, direction, source, qos, retain } = route;
  const outcome = outcomeOf(route, topic);
  const lowered = direction === 'local-to-remote' && isEventGrid(document) && qos === 2;
  return {
    topicMap,
    route: name,
    direction,
    source,
    ...outcome,
    qos: lowered ? 1 : qos,
    retain,
    lanes: lanes.map(({ key, slot, source: from, target: to }) => ({ key, slot, source: from, target: to })),
    warnings: outcome.matched ? warningsOf(document, route, lanes, lowered) : [],
  };
}

type Outcome = Pick<RouteExplanation, 'matched' | 'reason' | 'topic'>;

function outcomeOf(route: Route, topic: string): Outcome {
  const reason = refusal(route, topic);
  if (reason !== undefined) return { matched: false, reason };
  const mapped = compileMapping(route)(topic);
  if (mapped.ok) return { matched: true, reason: `the source "${route.source}" matches`, topic: mapped.topic };
  const why =
    mapped.reason === 'unresolved_template'
      ? `the target "${route.target}" refers to a level that the topic does not have: the message is dropped`
      : `the target "${route.target}" makes no valid topic of it: the message is dropped`;
  return { matched: false, reason: why };
}

function refusal({ source, excludes }: Route, topic: string): string | undefined {
  const fault = topicNameFault(topic);
  if (fault !== undefined) return `"${topic}" is not a topic: ${fault}`;
  if (!matchesFilter(source, topic)) return mismatch(source, topic);
  const excluded = excludes.find((exclude) => compileFilter(exclude)(topic));
  return excluded === undefined ? undefined : `the exclude "${excluded}" leaves it out`;
}

/** Says which level differs, since that is what an author looks for. */
function mismatch(source: string, topic: string): string {
  const wanted = source.split('/');
  const given = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) {
    return `a topic that begins with "$" is not matched by a wildcard in the first level ("${source}")`;
  }
  for (const [index, level] of wanted.entries()) {
    const at = given[index];
    if (at === undefined) return `the topic has ${given.length} levels and the source "${source}" needs more`;
    if (level !== '+' && level !== at)
      return `level ${index + 1} is "${at}", and the source "${source}" wants "${level}"`;
  }
  return `the topic has ${given.length} levels and the source "${source}" ends after ${wanted.length}`;
}

function warningsOf(
  { connector }: Pick<ConnectorDocument, 'connector'>,
  route: Route,
  lanes: readonly LanePlan[],
  lowered: boolean,
): string[] {
  const warnings: string[] = [];
  if (lanes.length === 0) warnings.push('the route does not run: no instances or no clients');
  if (lowered) warnings.push('Event Grid takes QoS 1 at most: QoS 2 is lowered');
  if (route.target !== undefined && !route.target.includes('${') && hasWildcard(route.source)) {
    warnings.push('every topic of the source goes to one target topic');
  }
  if (connector.spec.protocol === 'v3' && route.retain === 'Keep') {
    warnings.push('MQTT 3.1.1 does not show the retain flag of live messages: it cannot be kept');
  }
  return warnings;
}

function isEventGrid({ connector }: Pick<ConnectorDocument, 'connector'>): boolean {
  const parsed = parseEndpoint(connector.spec.remoteBrokerConnection.endpoint);
  return parsed.ok && eventGridHost(parsed.host) !== undefined;
}
