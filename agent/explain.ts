import { adviceFor, type AdviceContext } from '../shared/advice.ts';
import type { Permission } from '../shared/advice/situation.ts';
import type { Plan, SessionPlan, Side } from '../shared/plan/types.ts';
import type { Connector } from '../shared/resources/connector.ts';
import type { FaultSnapshot } from './observe/snapshot.ts';
import type { Credentials } from './session/credentials/credentials.ts';

/** What explaining a fault depends on besides the connector. */
export interface ExplainParts {
  readonly connector: Connector;
  /** The whole plan, with the parts of all instances. */
  readonly plan: Plan;
  /** How a side logs on. */
  readonly credentials: (side: Side) => Pick<Credentials, 'certificate' | 'token'> | undefined;
  /** Whether another session with the same credentials is connected. */
  readonly admitted: (session: SessionPlan) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Says of a session's fault why it is likely and what mends it. */
export type Explain = (session: SessionPlan, fault: FaultSnapshot, context?: AdviceContext) => FaultSnapshot;

/** Explains faults by the connector, and by what this instance knows of its credentials and other sessions. */
export function createExplain(parts: ExplainParts): Explain {
  const { connector, plan, credentials, admitted, now } = parts;
  return (session, fault, context = {}) => {
    const { side, key, clientId } = session;
    const token = credentials(side)?.token();
    const { sentence, fix } = adviceFor({ ...fault, side }, connector, {
      clientId,
      permissions: permissionsOf(plan, key),
      sessions: plan.sessions.filter((other) => other.side === side).length,
      objectId: token?.objectId,
      tokenEnds: token?.expiresAt,
      certificateEnds: credentials(side)?.certificate()?.notAfter,
      now: now() / 1000,
      admitted: admitted(session),
      ...context,
    });
    const { fix: _former, ...rest } = fault;
    return { ...rest, message: sentence, ...(fix === undefined ? {} : { fix }) };
  };
}

function permissionsOf({ lanes }: Plan, key: string): readonly Permission[] {
  const does = (end: 'source' | 'target') => lanes.some((lane) => lane[end] === key);
  return [...(does('target') ? ['Publisher' as const] : []), ...(does('source') ? ['Subscriber' as const] : [])];
}
