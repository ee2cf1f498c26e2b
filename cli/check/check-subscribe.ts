import { setTimeout as delay } from 'node:timers/promises';
import { createRequestPace } from '../../agent/session/request-pace.ts';
import type { LanePlan, Side } from '../../shared/plan/types.ts';
import { GENERIC_PROFILE, remoteProfileOf } from '../../shared/remote-profile.ts';
import { sourceSide } from '../../shared/topic/loops.ts';
import type { CheckContext } from './context.ts';
import { aboutTopic, explainFault, type Fault, refusal } from './explain-fault.ts';
import { finding, type Outcome } from './outcome.ts';
import { type ProbeClient, ProbeEndedError } from './probe-client.ts';
import type { Finding } from './report-schema.ts';

/**
 * Whether every route may read its source. Asks at QoS 0, so that there is nothing to acknowledge, without retained
 * messages, and leaves at once; the plain filter instead of a share group, whose messages others wait for.
 */
export async function checkSubscribe(side: Side, client: ProbeClient, context: CheckContext): Promise<Outcome> {
  const routes = routesRead(side, context);
  const grants = await grantsOf(client, [...new Set(routes.map(({ route }) => route.source))], side, context);
  return { findings: routes.map((lane) => judge(side, lane, faultOf(lane, client, grants), context)) };
}

/** One lane of each route that reads at this side. */
function routesRead(side: Side, { plan }: CheckContext): LanePlan[] {
  const routes = new Map<string, LanePlan>();
  for (const lane of plan.lanes) if (sourceSide(lane.route) === side) routes.set(routeOf(lane), lane);
  return [...routes.values()];
}

function routeOf({ topicMap, route }: LanePlan): string {
  return `${topicMap}/${route.name}`;
}

/** A reason code of SUBACK, or why there is none. */
type Grant = number | Fault;

async function grantsOf(
  client: ProbeClient,
  filters: readonly string[],
  side: Side,
  { document, now }: CheckContext,
): Promise<ReadonlyMap<string, Grant>> {
  const profile = side === 'remote' ? remoteProfileOf(document.connector) : GENERIC_PROFILE;
  const pace = createRequestPace(profile.subscribesPerSecond, now);
  const turn = async () => {
    for (let wait = pace.wait(); wait > 0; wait = pace.wait()) await delay(wait);
    pace.count();
  };
  const grants = new Map<string, Grant>();
  for (let at = 0; at < filters.length; at += profile.filtersPerSubscribe) {
    const batch = filters.slice(at, at + profile.filtersPerSubscribe);
    try {
      await turn();
      const codes = await client.subscribe(batch, { qos: 0, noLocal: false, retained: false });
      for (const [index, filter] of batch.entries()) grants.set(filter, codes[index] ?? UNSPECIFIED_ERROR);
      await turn();
      await client.unsubscribe(batch);
    } catch (error) {
      if (!(error instanceof ProbeEndedError)) throw error;
      for (const filter of filters.slice(at)) if (!grants.has(filter)) grants.set(filter, error.fault);
      return grants;
    }
  }
  return grants;
}

/** What keeps a route from reading, if anything does. */
function faultOf(lane: LanePlan, { connack }: ProbeClient, grants: ReadonlyMap<string, Grant>): Fault | undefined {
  const grant = grants.get(lane.route.source) ?? UNSPECIFIED_ERROR;
  if (typeof grant !== 'number') return grant;
  if (grant >= UNSPECIFIED_ERROR) return refusal(grant);
  const shared = lane.route.sharedSubscription !== undefined;
  return shared && connack.sharedSubscriptions === false ? refusal(SHARED_UNAVAILABLE) : undefined;
}

function judge(side: Side, lane: LanePlan, fault: Fault | undefined, context: CheckContext): Finding {
  const subject = { check: 'subscribe', side } as const;
  const { source, name } = lane.route;
  const about = { route: routeOf(lane), details: { source } };
  if (fault === undefined) return finding(subject, 'ok', { ...about, message: `Route ${name} may read ${source}` });
  const told = explainFault(fault, { side, context, during: 'subscribe', route: name, topic: source });
  return finding(subject, 'error', {
    ...told,
    ...about,
    message: aboutTopic(told.message, source, `Route ${name} cannot read ${source}`),
  });
}

/** The lowest reason code of a failure (MQTT5 2.4). */
const UNSPECIFIED_ERROR = 0x80;
/** Shared Subscriptions not supported (MQTT5 2.4). */
const SHARED_UNAVAILABLE = 0x9e;
