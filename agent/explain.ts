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
  /** Whether the identity is a federated one. */
  readonly federated: boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Says of a session's fault why it is likely and what mends it. */
export type Explain = (session: SessionPlan, fault: FaultSnapshot, context?: AdviceContext) => FaultSnapshot;

const PUBLISHER: Permission = 'Publisher';
const SUBSCRIBER: Permission = 'Subscriber';

/** Explains faults by the connector, and by what this instance knows of its credentials and other sessions. */
export function createExplain(parts: ExplainParts): Explain {
  const { connector, plan, credentials, admitted, federated, now } = parts;
  // Counted once: an outage makes a fault of every session at the same time.
  const sessions = Map.groupBy(plan.sessions, ({ side }) => side);
  const sources = new Set(plan.lanes.map(({ source }) => source));
  const targets = new Set(plan.lanes.map(({ target }) => target));
  return (session, fault, context = {}) => {
    const { side, key, clientId } = session;
    const token = credentials(side)?.token();
    const { sentence, fix } = adviceFor({ ...fault, side }, connector, {
      clientId,
      permissions: [...(targets.has(key) ? [PUBLISHER] : []), ...(sources.has(key) ? [SUBSCRIBER] : [])],
      sessions: sessions.get(side)?.length ?? 0,
      federated,
      objectId: token?.objectId,
      tokenEnds: token?.expiresAt,
      certificateEnds: credentials(side)?.certificate()?.notAfter,
      now: now() / 1000,
      admitted: fault.reason === 'NotAuthorized' && admitted(session),
      ...context,
    });
    const { fix: _former, ...rest } = fault;
    return { ...rest, message: sentence, ...(fix === undefined ? {} : { fix }) };
  };
}
