import type { SessionFault } from '../../agent/session/machine.ts';
import { reasonOf } from '../../shared/reason-codes.ts';
import type { Statement } from './outcome.ts';

/** What a fault of a session says to a person: what happened, and what to do. */
export function explainFault(fault: Pick<SessionFault, 'reason' | 'message' | 'reasonCode'>): Statement {
  const { reason, message, reasonCode } = fault;
  if (reasonCode === undefined) return { reason, ...parted(message) };
  const { description, advice } = reasonOf(reasonCode);
  const code = `0x${reasonCode.toString(16).toUpperCase().padStart(2, '0')}`;
  return {
    reason,
    message: `${withoutStop(description)} (${code})`,
    ...(advice !== '' && { advice: withoutStop(advice) }),
  };
}

/** The agent's sentences end with what to change, behind a semicolon. */
function parted(message: string): { message: string; advice?: string } {
  const at = message.indexOf('; ');
  if (at === -1) return { message };
  return { message: message.slice(0, at), advice: withoutStop(message.slice(at + 2)) };
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}
