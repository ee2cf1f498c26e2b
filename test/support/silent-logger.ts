import type { Logger } from '../../agent/observe/logger.ts';

/** A logger for tests that look at something else. */
export const SILENT: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => SILENT,
};
