import { EVENT_GRID_TOPIC } from '../event-grid.ts';
import { countLanes, MAX_LANES } from '../plan/plan.ts';
import { remoteProfileOf } from '../remote-profile.ts';
import { hasWildcard } from '../topic/filter.ts';
import { utf8Length } from '../topic/name.ts';
import { type Bundle, type PlacedRoute, placeOf } from './bundle.ts';
import { type Finding, placed } from './finding.ts';
import { loopFindings, overlapFindings, type RouteFinding } from './flow-rules.ts';
import type { ResourceProblem } from './resource.ts';

/** Rules about a connector together with all of its topic maps. */
export function bundleProblems(bundle: Bundle): ResourceProblem[] {
  const { routes, maps, resource, connector } = bundle;
  const about = (finding: Finding): ResourceProblem => ({ resource, problem: placed(finding, resource) });
  const name = connector.metadata.name;
  const lanes = countLanes(routes.map(({ route }) => route));
  const lonely =
    maps.length === 0
      ? [about({ rule: 'XR002', path: ['metadata', 'name'], message: `no MqttBridgeTopicMap refers to "${name}"` })]
      : [];
  const crowded =
    lanes > MAX_LANES
      ? [about({ rule: 'XR012', path: ['metadata', 'name'], message: `the routes need ${lanes} clients` })]
      : [];
  const found = [
    ...nameFindings(routes),
    ...protocolFindings(bundle),
    ...eventGridFindings(bundle),
    ...overlapFindings(bundle),
    ...loopFindings(bundle),
  ];
  return [...lonely, ...crowded, ...found.map(placedRoute)];
}

/** A finding about a route as a problem of the resource that the route is written in. */
export function placedRoute({ route, finding }: RouteFinding): ResourceProblem {
  return { resource: route.resource, problem: placed(finding, route.resource, route.path) };
}

function nameFindings(routes: readonly PlacedRoute[]): RouteFinding[] {
  const first = new Map<string, PlacedRoute>();
  return routes.flatMap((route) => {
    const { name } = route.route;
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, route);
      return [];
    }
    return [
      {
        route,
        finding: {
          rule: 'XR004',
          path: ['name'],
          message: `the name "${name}" is taken by the route at ${placeOf(earlier)}`,
        },
      },
    ];
  });
}

function protocolFindings({ connector, routes }: Bundle): RouteFinding[] {
  if (connector.spec.protocol === 'v5') return [];
  return routes.flatMap((route) => {
    if (route.route.sharedSubscription === undefined) return [];
    const message = `connector "${connector.metadata.name}" speaks MQTT 3.1.1, which has no shared subscriptions`;
    return [{ route, finding: { rule: 'XR007', path: ['sharedSubscription'], message } }];
  });
}

function eventGridFindings({ connector, routes }: Bundle): RouteFinding[] {
  if (remoteProfileOf(connector).name !== 'eventgrid') return [];
  return routes.flatMap((route): RouteFinding[] => {
    const { direction, qos, source, target } = route.route;
    if (direction === 'remote-to-local') {
      return qos === 2
        ? [{ route, finding: { rule: 'XR010', path: ['qos'], message: 'Event Grid delivers at QoS 1 at most' } }]
        : [];
    }
    const lowered =
      qos === 2
        ? [
            {
              route,
              finding: {
                rule: 'XR010',
                path: ['qos'],
                message: 'Event Grid takes QoS 0 and 1; the bridge sends at QoS 1',
              },
            },
          ]
        : [];
    const topic = target ?? (hasWildcard(source) ? undefined : source);
    if (topic === undefined || topic.includes('${')) return lowered;
    const { maxBytes, maxLevels } = EVENT_GRID_TOPIC;
    const levels = topic.split('/').length;
    if (utf8Length(topic) <= maxBytes && levels <= maxLevels) return lowered;
    const message = `the topic has ${utf8Length(topic)} bytes and ${levels} levels`;
    return [
      ...lowered,
      { route, finding: { rule: 'XR011', path: [target === undefined ? 'source' : 'target'], message } },
    ];
  });
}
