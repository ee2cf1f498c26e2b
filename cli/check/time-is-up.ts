/** The time for all checks is over. */
export const TIME_IS_UP = {
  reason: 'CheckTimeout',
  message: 'The time for all checks was up before this one had ended; give more with --timeout SECONDS.',
  verdict: 'retry',
} as const;
