import { MAX_CLIENT_ID } from '../client-id.ts';
import { countLanes, MAX_LANES, planConnector } from '../plan/plan.ts';
import type { LanePlan, Side } from '../plan/types.ts';
import type { Connector } from '../resources/connector.ts';
import { type Bundle, type PlacedRoute, placeOf } from './bundle.ts';
import { hostOf } from './connector-rules.ts';
import { placedRoute } from './cross-rules.ts';
import type { RouteFinding } from './flow-rules.ts';
import type { ResourceProblem } from './resource.ts';

/** Who uses a client ID at a broker. */
interface Claim {
  readonly broker: string;
  readonly clientId: string;
  /** Equal for claims that mean one and the same session. */
  readonly owner: string;
  readonly route: PlacedRoute;
}

/** Client IDs that are too long, or that two sessions at one broker would share, over all connectors. */
export function clientIdProblems(bundles: readonly Bundle[]): ResourceProblem[] {
  const taken = new Map<string, Claim>();
  const reported = new Set<string>();
  return bundles.flatMap(claimsOf).flatMap((claim) => {
    const finding = findingOf(claim, taken);
    const key = `${placeOf(claim.route)} ${claim.route.path.join('.')} ${finding?.rule}`;
    if (finding === undefined || reported.has(key)) return [];
    reported.add(key);
    return [placedRoute({ route: claim.route, finding })];
  });
}

function findingOf(claim: Claim, taken: Map<string, Claim>): RouteFinding['finding'] | undefined {
  const { broker, clientId, owner } = claim;
  const key = `${broker} ${clientId}`;
  const earlier = taken.get(key);
  if (earlier === undefined) taken.set(key, claim);
  if (earlier !== undefined && earlier.owner !== owner) {
    const message = `the client ID "${clientId}" is taken by route "${earlier.route.route.name}" (${placeOf(earlier.route)})`;
    return { rule: 'XR005', path: ['name'], message };
  }
  if (clientId.length <= MAX_CLIENT_ID) return undefined;
  return { rule: 'XR006', path: ['name'], message: `the client ID "${clientId}" has ${clientId.length} characters` };
}

function claimsOf({ connector, maps, routes, resource }: Bundle): Claim[] {
  if (countLanes(routes.map(({ route }) => route)) > MAX_LANES) return [];
  const topicMaps = maps.flatMap((map) => (map.value === undefined ? [] : [map.value]));
  // A name used twice has a problem of its own; only its first route claims IDs.
  const byName = new Map(routes.toReversed().map((route) => [route.route.name, route]));
  const home = `${resource.file}:${resource.locate([]).line}`;
  const plan = planConnector({ connector, topicMaps });
  const bySlot = new Set(plan.sessions.filter(({ namedBy }) => namedBy === 'slot').map(({ key }) => key));
  return plan.lanes.flatMap((lane) => {
    const route = byName.get(lane.route.name);
    if (route?.route !== lane.route) return [];
    return (['local', 'remote'] as const).map((side) => {
      const key = sessionKey(lane, side);
      const clientId = key.slice(side.length + 1);
      const user = bySlot.has(key) ? 'slot' : lane.key;
      return { broker: brokerKey(connector, side), clientId, owner: `${home} ${side} ${user}`, route };
    });
  });
}

function sessionKey({ route, source, target }: LanePlan, side: Side): string {
  const reads = route.direction === 'local-to-remote' ? 'local' : 'remote';
  return reads === side ? source : target;
}

/** One broker may stand on either side, or behind several connectors; a name without dots is one per namespace. */
function brokerKey(connector: Connector, side: Side): string {
  const { localBrokerConnection: local, remoteBrokerConnection: remote } = connector.spec;
  const scope = hostOf(connector, side).includes('.') ? '' : (connector.metadata.namespace ?? 'default');
  return `${scope} ${(side === 'local' ? local : remote).endpoint.toLowerCase()}`;
}
