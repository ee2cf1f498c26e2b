import type { ReportAnswer } from '../../../shared/api/report.ts';
import type { Logger } from '../../observe/logger.ts';
import type { ControlPlaneSnapshot } from '../../observe/snapshot.ts';
import { type ControlPlaneFault, type ControlPlaneReason, faultOf, type Naming } from './fault.ts';
import type { Outcome } from './outcome.ts';

/** What has become of reports, and what is wrong now. */
export interface Standing {
  /** Takes what became of a report; writes to the log when something else is wrong than before. */
  note(outcome: Outcome): void;
  snapshot(): Pick<ControlPlaneSnapshot, 'up' | 'since' | 'fault' | 'reports'>;
}

/** What a standing is made of. */
export interface StandingParts {
  readonly naming: Naming;
  readonly logger: Logger;
  /** Now, RFC 3339, UTC. */
  readonly date: () => string;
}

/** Begins without an answer and without a fault. */
export function createStanding({ naming, logger, date }: StandingParts): Standing {
  const reports = new Map<string, number>();
  let up = false;
  let since = date();
  let fault: ControlPlaneFault | undefined;

  function tell(): void {
    const about = { controlPlane: naming.origin, site: naming.site };
    if (fault === undefined) {
      logger.info({ evt: 'ControlPlaneUp', ...about }, 'the control plane answers');
      return;
    }
    const { reason, fix, message } = fault;
    logger.warn({ evt: 'ControlPlaneFault', ...about, up, reason, ...(fix && { fix }) }, message);
  }

  return {
    note(outcome) {
      const before = { up, reason: fault?.reason };
      up = outcome.kind === 'answered';
      fault = outcome.kind === 'answered' ? faultIn(outcome.answer, naming) : outcome.fault;
      const name = outcome.kind === 'answered' ? 'Answered' : outcome.fault.reason;
      reports.set(name, (reports.get(name) ?? 0) + 1);
      if (up !== before.up) since = date();
      if (up !== before.up || fault?.reason !== before.reason) tell();
    },
    snapshot: () => ({ up, since, ...(fault && { fault }), reports: Object.fromEntries(reports) }),
  };
}

/** An answer may say that something is wrong. */
function faultIn({ desired, superseded }: ReportAnswer, naming: Naming): ControlPlaneFault | undefined {
  const reason: ControlPlaneReason | undefined =
    desired.kind === 'undefined' ? 'ConnectorUndefined' : superseded === true ? 'AgentSuperseded' : undefined;
  return reason && faultOf(reason, naming);
}
