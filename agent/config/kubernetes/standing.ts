import type { Logger } from '../../observe/logger.ts';
import type { ApiServerSnapshot } from '../../observe/snapshot.ts';
import type { ApiServerFault, Asking } from './fault.ts';

/** How the API server is to this agent, and since when. */
export interface Standing {
  /** Takes what is known now; writes to the log when something else is wrong than before. */
  note(state: StandingState): void;
  /** Counts a write of the status. */
  count(outcome: string): void;
  snapshot(): Pick<ApiServerSnapshot, 'up' | 'since' | 'fault' | 'statusWrites'>;
}

/** What is known at one moment. */
export interface StandingState {
  /** Whether the objects are followed. */
  readonly up: boolean;
  readonly fault: ApiServerFault | undefined;
}

/** What a standing is made of. */
export interface StandingParts {
  readonly asking: Asking;
  readonly logger: Logger;
  /** Now, RFC 3339, UTC. */
  readonly date: () => string;
}

/** Begins without an answer and without a fault. */
export function createStanding({ asking, logger, date }: StandingParts): Standing {
  const writes = new Map<string, number>();
  let state: StandingState = { up: false, fault: undefined };
  let since = date();

  function tell({ up, fault }: StandingState): void {
    const { origin, namespace, connector } = asking;
    const about = { apiServer: origin, namespace, connector };
    if (fault === undefined) {
      if (up) logger.info({ evt: 'ApiServerUp', ...about }, 'connector and topic maps are followed at the API server');
      return;
    }
    const { reason, fix, message } = fault;
    logger.warn({ evt: 'ApiServerFault', ...about, up, reason, ...(fix && { fix }) }, message);
  }

  return {
    note(next) {
      const before = state;
      state = next;
      if (next.up !== before.up) since = date();
      if (next.up !== before.up || next.fault?.reason !== before.fault?.reason) tell(next);
    },
    count: (outcome) => void writes.set(outcome, (writes.get(outcome) ?? 0) + 1),
    snapshot: () => ({
      up: state.up,
      since,
      ...(state.fault && { fault: state.fault }),
      statusWrites: Object.fromEntries(writes),
    }),
  };
}
