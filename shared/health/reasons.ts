import type { HealthReason } from '../api/health.ts';

interface ReasonText {
  /** One sentence: what is so. */
  readonly message: string;
  /** One sentence: what to do about it. */
  readonly fix: string;
}

/** Reasons that the control plane finds itself; those that agents report are passed on as they are. */
export const HEALTH_REASONS = {
  AgentSilent: {
    message: 'The agent reported before and is silent now.',
    fix: 'Look whether its process runs and reaches the control plane.',
  },
  NeverReported: {
    message: 'No agent has reported for this yet.',
    fix: 'Start the agent with the control plane, site and connector of this definition.',
  },
  NotDefined: {
    message: 'An agent reports for a connector that is not defined.',
    fix: 'Define the connector with `mqttbridge apply`, or stop the agent.',
  },
  NoRoutes: {
    message: 'The connector has no routes.',
    fix: 'Define a topic map for it with `mqttbridge apply`.',
  },
  Starting: {
    message: 'The agent has just started and is connecting.',
    fix: 'Nothing: wait for its next report.',
  },
  Recovering: {
    message: 'It works again, and has to go on so before it counts.',
    fix: 'Nothing: wait. Each setback within an hour doubles the wait, up to 15 minutes.',
  },
  NoDocument: {
    message: 'The agent has no configuration yet.',
    fix: 'Nothing, if it has just started; else see its log.',
  },
  RevisionPending: {
    message: 'The agent does not run the newest revision yet.',
    fix: 'See the log of the agent; it takes over a revision within one report interval.',
  },
  RevisionRejected: {
    message: 'The agent refused the newest revision and goes on with the former one.',
    fix: 'Correct the definition as the message says and apply it again; update an agent that is older than the definition.',
  },
  SlotsUncovered: {
    message: 'Slots of the connector are run by no agent.',
    fix: 'Start the missing instances; the others adopt their slots within seconds if they hear each other.',
  },
  InstancesUnheard: {
    message: 'The instance does not hear the others, so none takes over for another.',
    fix: 'Allow its client to publish and subscribe to mqttbridge/+/instances/# at the local broker.',
  },
  SessionDown: {
    message: 'A session is not connected, and the agent gives no cause.',
    fix: 'See the log of the agent.',
  },
  RouteNotReady: {
    message: 'Not all clients of the route pass messages.',
    fix: 'See the reasons of its sessions, or the log of the agent.',
  },
  CertificateEnded: {
    message: 'The client certificate has ended.',
    fix: 'Renew it.',
  },
  CertificateEndsSoon: {
    message: 'The client certificate ends in less than 7 days.',
    fix: 'Renew it.',
  },
  CredentialRejected: {
    message: 'The newest certificate or token cannot be used; the former one goes on.',
    fix: 'Correct it as the message says.',
  },
  TokenExpired: {
    message: 'The token has ended.',
    fix: 'Look whether it is renewed where it comes from.',
  },
  AlertFailed: {
    message: 'An alert could not be delivered at once; it is tried again until it is.',
    fix: 'Check MQTTBRIDGE_ALERT_TOPIC_ENDPOINT, and that the identity of the app has the role EventGrid Data Sender there.',
  },
  EventsLimited: {
    message: 'Too many changes: further ones of this hour are not written to the time line.',
    fix: 'See what flaps in the reasons and in the log of the agent.',
  },
  MoreReasons: {
    message: 'There are more reasons than are shown.',
    fix: 'See the health of the connector, or the status of the agent.',
  },
} as const satisfies Readonly<Record<string, ReasonText>>;

/** A reason of the control plane's own. */
type HealthReasonName = keyof typeof HEALTH_REASONS;

/** Where a reason belongs. */
type Place = Pick<HealthReason, 'instance' | 'route' | 'side'>;

const LONGEST_TEXT = 300;
const MOST_REASONS = 10;

/** A reason of ours; `detail` goes behind the sentence. */
export function ourReason(reason: HealthReasonName, place: Place = {}, detail?: string): HealthReason {
  const { message, fix } = HEALTH_REASONS[reason];
  return { reason, message: cut(detail === undefined ? message : `${message} ${detail}`), fix, ...place };
}

/** A fault as an agent reported it. */
export function passedOn(
  fault: { reason: string; message: string; fix?: string | undefined },
  place: Place,
): HealthReason {
  const { reason, message, fix } = fault;
  return { reason, message: cut(message), ...(fix !== undefined && { fix: cut(fix) }), ...place };
}

/** Each reason once, and not too many. What differs in its place only is one reason with the first place. */
export function fewReasons(reasons: readonly HealthReason[], most = MOST_REASONS): HealthReason[] {
  const distinct = new Map<string, HealthReason>();
  for (const reason of reasons) {
    const key = `${reason.reason} ${reason.side ?? ''} ${reason.instance ?? ''} ${reason.message}`;
    if (!distinct.has(key)) distinct.set(key, reason);
  }
  const all = [...distinct.values()];
  if (all.length <= most) return all;
  return [...all.slice(0, most - 1), ourReason('MoreReasons', {}, `${all.length - most + 1} are left out.`)];
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}
