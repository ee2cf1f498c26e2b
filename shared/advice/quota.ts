import { remoteSessionsOf } from '../resources/connector.ts';
import { MOST_SESSIONS, raiseSessions, raiseUnits, setting } from './commands.ts';
import type { Advice, Situation } from './situation.ts';

/** Which quota a broker means depends on what it refused. */
export function quotaUsedUp(situation: Situation): Advice {
  const { isEventGrid, host, context } = situation;
  if (!isEventGrid)
    return { sentence: `A quota of ${host} is used up (0x97), such as that of connections or sessions.` };
  switch (context.during) {
    case 'publish':
      return throttled(situation);
    case 'subscribe':
      return {
        sentence: `The session has as many subscriptions as Event Grid allows, or asked for them too fast (0x97).`,
        fix: setting('spec.remoteSessions', 'perRoute'),
      };
    case 'connect':
    case undefined:
      return sessionsFull(situation);
  }
}

/** Messages came faster than the broker allows; the bridge has slowed down by itself. */
export function throttled(situation: Situation): Advice {
  if (!situation.isEventGrid) return { sentence: `Messages came faster than ${situation.host} allows.` };
  return {
    sentence: `Messages came faster than Event Grid allows a session, or all clients of the namespace together (1,000 per second and unit); the bridge slows down and keeps them.`,
    fix: raiseUnits(situation),
  };
}

/** The identity has as many sessions as it may have. */
function sessionsFull(situation: Situation): Advice {
  const { connector, context } = situation;
  const { sessions } = context;
  const needed = sessions === undefined ? 'more' : String(sessions);
  const sentence = `Event Grid has no session left for this identity: connector ${connector.metadata.name} needs ${needed} under "Maximum client sessions per authentication name" (portal: namespace, Configuration), and offline sessions count until they expire.`;
  if (sessions === undefined || sessions <= MOST_SESSIONS) {
    return { sentence, fix: raiseSessions(situation, sessions ?? 'SESSIONS') };
  }
  const fix =
    remoteSessionsOf(connector) === 'perRoute'
      ? setting('spec.remoteSessions', 'perInstance')
      : setting('spec.bridgeInstances', String(MOST_SESSIONS));
  return { sentence: `${sentence.slice(0, -1)}; Event Grid allows ${MOST_SESSIONS} at most.`, fix };
}
