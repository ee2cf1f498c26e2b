/** From what the alerts begin, each with its unit in its name; docs/reference/alerts.md lists them. */
export const THRESHOLDS = {
  certificateWarningDays: 14,
  certificateCriticalDays: 3,
  oldestMessageSeconds: 300,
  /** Repeated publishes for each message received. */
  retriesPerMessage: 0.1,
  restartsPerHour: 3,
} as const;

/** Reasons for which messages are dropped on purpose, or will be sent again; the rest is loss. */
export const HARMLESS_DROPS = ['excluded', 'heartbeat', 'loop', 'returned'] as const;
