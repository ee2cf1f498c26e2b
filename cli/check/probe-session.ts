import { MAX_CLIENT_ID } from '../../shared/client-id.ts';
import { sha256 } from '../../shared/sha256.ts';
import type { SessionPlan, Side } from '../../shared/plan/types.ts';
import type { CheckContext } from './context.ts';

/** The session that a check has at a side: one that reads like the side's own, and that no connector of the files has. */
export function probeSession(side: Side, { plan, clientIds }: Pick<CheckContext, 'plan' | 'clientIds'>): SessionPlan {
  const own = plan.sessions.find((session) => session.side === side)?.clientId ?? plan.connector;
  for (let number = 1; ; number++) {
    const clientId = shortened(own, number === 1 ? '-check' : `-${number}-check`);
    if (!clientIds.has(clientId)) return { key: `${side}/${clientId}`, side, clientId, slot: 0, namedBy: 'route' };
  }
}

/** What does not fit is replaced by its hash, since two checks may run at the same time. */
function shortened(own: string, suffix: string): string {
  if (own.length + suffix.length <= MAX_CLIENT_ID) return own + suffix;
  const digest = `-${sha256(own).slice(0, 16)}${suffix}`;
  return own.slice(0, MAX_CLIENT_ID - digest.length) + digest;
}
