import type { SessionFault } from '../../agent/session/machine.ts';
import type { Side } from '../../shared/plan/types.ts';
import { reasonOf, sentenceOf } from '../../shared/reason-codes.ts';
import { sessionsFull, sessionsNeeded } from './check-sessions.ts';
import { type CheckContext, isEventGrid } from './context.ts';
import type { Statement } from './outcome.ts';

/** A fault as the agent names them. */
export type Fault = Pick<SessionFault, 'reason' | 'message' | 'reasonCode'>;

/** Where a fault happened, and what was asked for. */
export interface FaultPlace {
  readonly side: Side;
  readonly context: Pick<CheckContext, 'document' | 'plan' | 'specs' | 'wishes'>;
  readonly during?: 'connect' | 'publish' | 'subscribe';
  readonly route?: string;
  readonly topic?: string;
}

/** A refusal by reason code. */
export function refusal(reasonCode: number): Fault {
  return { reason: reasonOf(reasonCode).name, message: sentenceOf(reasonCode), reasonCode };
}

/** What a fault says to a person: what happened, and what to do. */
export function explainFault({ reason, message, reasonCode }: Fault, place: FaultPlace): Statement {
  const { side, context, during } = place;
  if (reasonCode === QUOTA_EXCEEDED && during === 'connect' && isEventGrid(side, context)) {
    return sessionsFull(sessionsNeeded(context.plan), context.specs.remote, context.wishes.namespaceId);
  }
  if (reasonCode === undefined) return { reason, ...parted(message) };
  const { name, description, advice } = reasonOf(reasonCode);
  const code = `0x${reasonCode.toString(16).toUpperCase().padStart(2, '0')}`;
  const told = { reason: name, message: `${withoutStop(description)} (${code})` };
  return advice === '' ? told : { ...told, advice: withoutStop(advice) };
}

const QUOTA_EXCEEDED = 0x97;

/** The agent's sentences end with what to change, behind a semicolon. */
function parted(message: string): { message: string; advice?: string } {
  const at = message.indexOf('; ');
  if (at === -1) return { message };
  return { message: message.slice(0, at), advice: withoutStop(message.slice(at + 2)) };
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
