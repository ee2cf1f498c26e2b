import type { SessionFault } from '../../agent/session/machine.ts';

/** The time for all checks is over. */
export const TIME_IS_UP: SessionFault = {
  reason: 'CheckTimeout',
  message: 'The time for all checks was up before this one had ended; give more with --timeout.',
  verdict: 'retry',
};
