import { createExplain } from '../../agent/explain.ts';
import type { SessionFault } from '../../agent/session/machine.ts';
import type { AdviceContext } from '../../shared/advice.ts';
import type { Permission } from '../../shared/advice/situation.ts';
import type { Plan, Side } from '../../shared/plan/types.ts';
import { reasonOf, sentenceOf } from '../../shared/reason-codes.ts';
import { sourceSide, targetSide } from '../../shared/topic/loops.ts';
import { sessionsFull, sessionsNeeded } from './check-sessions.ts';
import { type CheckContext, isEventGrid } from './context.ts';
import type { Statement } from './outcome.ts';
import { probeSession } from './probe-session.ts';

/** A fault as the agent names them. */
export type Fault = Pick<SessionFault, 'reason' | 'message' | 'reasonCode'>;

/** Where a fault happened, and what was asked for. */
export interface FaultPlace extends Pick<AdviceContext, 'during' | 'route' | 'topic'> {
  readonly side: Side;
  readonly context: CheckContext;
}

const QUOTA_EXCEEDED = 0x97;

/** A refusal by reason code. */
export function refusal(reasonCode: number): Fault {
  return { reason: reasonOf(reasonCode).name, message: sentenceOf(reasonCode), reasonCode };
}

/** What a fault says to a person: what happened, and what to do; in the words that the agent would use. */
export function explainFault(fault: Fault, { side, context, ...asked }: FaultPlace): Statement {
  const { document, plan, credentials, specs, wishes, identity, wallClock } = context;
  if (fault.reasonCode === QUOTA_EXCEEDED && asked.during === 'connect' && isEventGrid(side, context)) {
    return sessionsFull(sessionsNeeded(plan), specs.remote, wishes.namespaceId);
  }
  const explain = createExplain({
    connector: document.connector,
    plan,
    credentials: (of) => credentials[of],
    admitted: () => false,
    federated: identity.federation !== undefined,
    now: () => wallClock().getTime(),
  });
  const permissions = permissionsAt(side, plan);
  const { reason, message, fix } = explain(probeSession(side, context), fault, { ...asked, permissions });
  return fix === undefined ? { reason, ...parted(message) } : { reason, message, advice: fix };
}

/** A sentence that names the topic, or is told what it is about. */
export function aboutTopic(message: string, topic: string, lead: string): string {
  return message.includes(topic) ? message : `${lead}: ${message}`;
}

function permissionsAt(side: Side, { lanes }: Plan): readonly Permission[] {
  const publishes = lanes.some(({ route }) => targetSide(route) === side);
  const subscribes = lanes.some(({ route }) => sourceSide(route) === side);
  return [...(publishes ? (['Publisher'] as const) : []), ...(subscribes ? (['Subscriber'] as const) : [])];
}

/** Where nobody knows a command, the sentence itself ends with what to do: behind a semicolon, or in one more sentence. */
function parted(message: string): { message: string; advice?: string } {
  const [, cause, advice] = /^(.*?\S)(?:; |\. (?=[A-Z]))(.*?)\.?$/s.exec(message) ?? [];
  return cause === undefined || advice === undefined ? { message } : { message: cause, advice };
}
