import type { Logger } from '../observe/logger.ts';
import { createRequestPace } from './request-pace.ts';
import type { SessionParts } from './session.ts';
import { Subscriptions } from './subscriptions.ts';

/** The subscriptions of a session, at the pace its broker allows. */
export function subscriptionsOf(parts: SessionParts, logger: Logger): Subscriptions {
  const { publishes, profile, timing, now, progressed } = parts;
  return new Subscriptions({
    publishes,
    filtersPerSubscribe: profile.filtersPerSubscribe,
    pace: createRequestPace(profile.subscribesPerSecond, now),
    granted: ({ filter, lane }) => {
      logger.info({ evt: 'Subscribed', route: lane.route.name, filter });
      progressed();
    },
    refused: ({ lane, filter }) =>
      logger.warn(
        { evt: 'SubscribeRefused', route: lane.route.name, filter, reason: lane.fault?.reason },
        lane.fault?.message,
      ),
    later: (pause, run) => void setTimeout(run, pause === 'refused' ? timing.resubscribeMs : pause).unref(),
  });
}
