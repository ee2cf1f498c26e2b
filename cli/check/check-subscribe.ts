import { setTimeout as delay } from 'node:timers/promises';
import { createRequestPace } from '../../agent/session/request-pace.ts';
import { type LanePlan, type Side } from '../../shared/plan/types.ts';
import { GENERIC_PROFILE, remoteProfileOf } from '../../shared/remote-profile.ts';
import { sourceSide } from '../../shared/topic/loops.ts';
import type { CheckContext } from './context.ts';
import { explainFault } from './explain-fault.ts';
import { finding, type Outcome, type Statement } from './outcome.ts';
import { type ProbeClient, ProbeEndedError } from './probe-client.ts';
import type { Finding } from './report-schema.ts';

/**
 * Whether every route may read its source. Asks at QoS 0, so that there is nothing to acknowledge, without retained
 * messages, and leaves at once; the plain filter instead of a share group, whose messages others wait for.
 */
export async function checkSubscribe(side: Side, client: ProbeClient, context: CheckContext): Promise<Outcome> {
  const routes = routesRead(side, context);
  const codes = await grantsOf(client, [...new Set(routes.map(({ route }) => route.source))], context, side);
  return { findings: routes.map((lane) => judge(side, lane, client, codes.get(lane.route.source))) };
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
type Grant = { readonly code: number } | { readonly fault: Statement };

async function grantsOf(
  client: ProbeClient,
  filters: readonly string[],
  { document, now }: CheckContext,
  side: Side,
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
      for (const [index, filter] of batch.entries()) grants.set(filter, { code: codes[index] ?? 0x80 });
      await turn();
      await client.unsubscribe(batch);
    } catch (error) {
      if (!(error instanceof ProbeEndedError)) throw error;
      const fault = explainFault(error.fault);
      for (const filter of filters.slice(at)) if (!grants.has(filter)) grants.set(filter, { fault });
      return grants;
    }
  }
  return grants;
}

function judge(side: Side, lane: LanePlan, { connack }: ProbeClient, grant: Grant | undefined): Finding {
  const subject = { check: 'subscribe', side } as const;
  const { source, name } = lane.route;
  const about = { route: routeOf(lane), details: { source } };
  const shared = lane.route.sharedSubscription !== undefined;
  if (grant === undefined || 'fault' in grant) {
    const fault = grant?.fault ?? { message: 'The broker did not answer', reason: 'NotChecked' };
    return finding(subject, 'error', { ...fault, ...about });
  }
  if (grant.code >= 0x80) {
    const { message, ...rest } = explainFault({ reason: 'UnspecifiedError', message: '', reasonCode: grant.code });
    return finding(subject, 'error', {
      ...rest,
      ...about,
      message: `Route ${name} may not read ${source}: ${message}`,
    });
  }
  if (shared && connack.sharedSubscriptions === false) {
    const { message, ...rest } = explainFault({ reason: '', message: '', reasonCode: SHARED_UNAVAILABLE });
    return finding(subject, 'error', { ...rest, ...about, message });
  }
  return finding(subject, 'ok', { ...about, message: `Route ${name} may read ${source}` });
}

/** SharedSubscriptionsNotSupported (MQTT5 2.4). */
const SHARED_UNAVAILABLE = 0x9e;
