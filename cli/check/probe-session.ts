import { MAX_CLIENT_ID } from '../../shared/client-id.ts';
import type { SessionPlan, Side } from '../../shared/plan/types.ts';
import type { CheckContext } from './context.ts';

/** The session that a check has at a side: one that reads like the side's own, and that no connector of the files has. */
export function probeSession(side: Side, { plan, clientIds }: Pick<CheckContext, 'plan' | 'clientIds'>): SessionPlan {
  const own = plan.sessions.find((session) => session.side === side)?.clientId ?? plan.connector;
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '-check' : `-${number}-check`;
    const clientId = own.slice(0, MAX_CLIENT_ID - suffix.length) + suffix;
    if (!clientIds.has(clientId)) return { key: `${side}/${clientId}`, side, clientId, slot: 0, namedBy: 'route' };
  }
}
