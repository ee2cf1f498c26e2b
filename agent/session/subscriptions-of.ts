import type { Logger } from '../observe/logger.ts';
import { faultOfCode } from './faults.ts';
import { createRequestPace } from './request-pace.ts';
import type { SessionParts } from './session-parts.ts';
import { Subscriptions } from './subscriptions.ts';

/** The subscriptions of a session, at the pace its broker allows. */
export function subscriptionsOf(parts: SessionParts, logger: Logger): Subscriptions {
  const { publishes, profile, timing, now, progressed, explain } = parts;
  return new Subscriptions({
    publishes,
    filtersPerSubscribe: profile.filtersPerSubscribe,
    pace: createRequestPace(profile.subscribesPerSecond, now),
    granted: ({ filter, lane }) => {
      logger.info({ evt: 'Subscribed', route: lane.route.name, filter });
      progressed();
    },
    explain: ({ lane, filter }, reasonCode) =>
      explain(faultOfCode(reasonCode), { during: 'subscribe', route: lane.route.name, topic: filter }),
    refused: ({ lane: { route, fault }, filter }) =>
      logger.warn(
        { evt: 'SubscribeRefused', route: route.name, filter, reason: fault?.reason, fix: fault?.fix },
        fault?.message,
      ),
    later: (pause, run) => void setTimeout(run, pause === 'refused' ? timing.resubscribeMs : pause).unref(),
  });
}
