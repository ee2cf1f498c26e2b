import { routeClientId, slotClientId, type SlotIdentity } from '../client-id.ts';
import { type Connector, remoteSessionsOf } from '../resources/connector.ts';
import type { Route } from '../resources/topic-map.ts';
import { filtersIntersect } from '../topic/filter.ts';
import { assignSlots } from './assign.ts';
import type { ConnectorDocument } from './document.ts';
import type { LanePlan, Plan, SessionPlan, Side } from './types.ts';

/** What a plan needs beyond the document. */
export interface PlanOptions {
  /** ARM resource ID of the Azure Arc extension: the root of client IDs with a managed identity. */
  readonly extensionResourceId?: string | undefined;
}

/** A lane before it is known which sessions it uses. */
interface Draft {
  readonly key: string;
  readonly slot: number;
  readonly topicMap: string;
  readonly route: Route;
  readonly share?: number;
  readonly subscription: string;
}

/**
 * Spreads a connector's routes over its slots and names every session, alike in every instance. A session's client ID
 * depends on its route or slot only, so that adding a route renames no other session.
 */
export function planConnector(
  document: Pick<ConnectorDocument, 'connector' | 'topicMaps'>,
  options: PlanOptions = {},
): Plan {
  const { connector } = document;
  const slots = connector.spec.bridgeInstances;
  const drafts = draftLanes(document);
  const sessions = new Map<string, SessionPlan>();
  const pair = remoteSessionsOf(connector) === 'perRoute' ? perRoute(connector) : perInstance(connector, options);
  const lanes = drafts.map((draft): LanePlan => {
    const { local, remote } = pair(draft);
    for (const session of [local, remote]) sessions.set(session.key, session);
    const outward = draft.route.direction === 'local-to-remote';
    return { ...draft, source: outward ? local.key : remote.key, target: outward ? remote.key : local.key };
  });
  return { connector: connector.metadata.name, slots, sessions: [...sessions.values()], lanes };
}

/** Most lanes a connector may have. */
export const MAX_LANES = 10_000;

/** How many lanes these routes make, without planning them. */
export function countLanes(routes: readonly Route[]): number {
  return routes.reduce((sum, route) => sum + (route.sharedSubscription?.groupMinimumShareNumber ?? 1), 0);
}

/** The topic filter as SUBSCRIBE carries it. */
function subscriptionOf(route: Route): string {
  const group = route.sharedSubscription?.groupName;
  return group === undefined ? route.source : `$share/${group}/${route.source}`;
}

function draftLanes({ connector, topicMaps }: Pick<ConnectorDocument, 'connector' | 'topicMaps'>): Draft[] {
  const wanted = topicMaps.flatMap((map) =>
    map.spec.routes.flatMap((route) => sharesOf(route).map((share) => ({ topicMap: map.metadata.name, route, share }))),
  );
  const keyed = wanted.map(({ topicMap, route, share }) => {
    const group = `${topicMap}/${route.name}`;
    return { key: share === undefined ? group : `${group}/${share}`, group, topicMap, route, share };
  });
  const slots = assignSlots(keyed, connector.spec.bridgeInstances);
  return keyed.flatMap(({ key, topicMap, route, share }) => {
    const slot = slots.get(key);
    if (slot === undefined) return [];
    const lane = { key, slot, topicMap, route, subscription: subscriptionOf(route) };
    return [share === undefined ? lane : { ...lane, share }];
  });
}

function sharesOf(route: Route): (number | undefined)[] {
  if (route.sharedSubscription === undefined) return [undefined];
  return Array.from({ length: route.sharedSubscription.groupMinimumShareNumber }, (_, share) => share);
}

/** The two sessions of a lane. */
type SessionPair = Readonly<Record<Side, SessionPlan>>;

function perRoute(connector: Connector): (draft: Draft) => SessionPair {
  return (draft) => ({
    local: routeSession('local', connector, draft),
    remote: routeSession('remote', connector, draft),
  });
}

/**
 * One remote session per slot, and further ones for sources that cannot share it: where filters overlap a broker may send
 * one copy or two (MQTT5 3.3.4), and members of one share group would compete inside one session. What they read is
 * published locally by the slot too: a route that comes to another slot then changes both of its sessions, and for a
 * moment two instances may carry it without one client ID between them.
 */
function perInstance(connector: Connector, { extensionResourceId }: PlanOptions): (draft: Draft) => SessionPair {
  const { metadata, spec } = connector;
  const managed = spec.remoteBrokerConnection.authentication.systemAssignedManagedIdentity !== undefined;
  const local = { clientIdPrefix: spec.clientIdPrefix, connector: metadata.name };
  const remote = { ...local, extensionResourceId: managed ? extensionResourceId : undefined };
  const taken = new Map<number, string[][]>();
  const furtherOf = ({ slot, route }: Draft): number | undefined => {
    const sessions = taken.get(slot) ?? [];
    taken.set(slot, sessions);
    const free = sessions.findIndex((sources) => !sources.some((source) => filtersIntersect(source, route.source)));
    const index = free === -1 ? sessions.length : free;
    (sessions[index] ??= []).push(route.source);
    return index === 0 ? undefined : index + 1;
  };
  return (draft) => {
    const { slot, route } = draft;
    if (route.direction === 'local-to-remote') {
      return { local: routeSession('local', connector, draft), remote: slotSession('remote', { ...remote, slot }) };
    }
    const further = furtherOf(draft);
    return {
      local: slotSession('local', { ...local, slot }),
      remote: slotSession('remote', { ...remote, slot, further }),
    };
  };
}

function routeSession(side: Side, { spec }: Connector, { route, share, slot }: Draft): SessionPlan {
  const clientId = routeClientId(spec.clientIdPrefix, route.name, share);
  return { key: `${side}/${clientId}`, side, clientId, slot, namedBy: 'route' };
}

function slotSession(side: Side, identity: SlotIdentity): SessionPlan {
  const clientId = slotClientId(identity);
  return { key: `${side}/${clientId}`, side, clientId, slot: identity.slot, namedBy: 'slot' };
}
