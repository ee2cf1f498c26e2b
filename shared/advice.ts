import type { Connector } from './resources/connector.ts';
import { sentenceOf } from './reason-codes.ts';
import { clientIdTaken, methodUnknown, notAdmitted } from './advice/admission.ts';
import { quotaUsedUp, throttled } from './advice/quota.ts';
import { notPermitted } from './advice/permission.ts';
import { REACHING } from './advice/reaching.ts';
import {
  type Advice,
  type AdviceContext,
  type Adviser,
  type Fault,
  type Situation,
  situationOf,
} from './advice/situation.ts';

export type { Advice, AdviceContext, Fault } from './advice/situation.ts';

/** What to do about the refusals of a broker, by reason. */
const REFUSALS: Readonly<Record<string, Adviser>> = {
  NotAuthorized: byWhat,
  BadUserNameOrPassword: byWhat,
  QuotaExceeded: quotaUsedUp,
  MessageRateTooHigh: throttled,
  SessionTakenOver: clientIdTaken,
  ClientIdConflict: clientIdTaken,
  BadAuthenticationMethod: methodUnknown,
};

/**
 * One sentence that names the cause of a fault as this connector and its kind of broker make it likely, and the command or
 * setting that mends it. Pure: what the connector does not say comes in the context, or stays a word in capitals.
 */
export function adviceFor(fault: Fault, connector: Connector, context: AdviceContext = {}): Advice {
  const situation = situationOf(fault, connector, context);
  const adviser = REFUSALS[fault.reason] ?? REACHING[fault.reason];
  return adviser?.(situation) ?? { sentence: knownSentence(fault) };
}

function byWhat(situation: Situation): Advice | undefined {
  return isConnect(situation) ? notAdmitted(situation) : notPermitted(situation);
}

function isConnect({ context: { during = 'connect' } }: Situation): boolean {
  return during === 'connect';
}

function knownSentence({ reason, reasonCode, message }: Fault): string {
  if (message !== undefined) return message;
  return reasonCode === undefined ? `The connection failed (${reason}).` : sentenceOf(reasonCode);
}
