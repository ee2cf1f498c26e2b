import type { Logger } from '../../../agent/observe/logger.ts';

/** One line that was logged. */
interface Line {
  readonly level: string;
  readonly evt: string;
  readonly message: string | undefined;
  readonly [field: string]: unknown;
}

/** A logger that keeps its lines for the test. */
export interface RecordingLogger extends Logger {
  readonly lines: Line[];
}

/** Makes one. */
export function recordingLogger(): RecordingLogger {
  const lines: Line[] = [];
  const at = (level: string) => (fields: { readonly evt: string }, message?: string) =>
    void lines.push({ ...fields, level, message });
  const logger: RecordingLogger = {
    lines,
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => logger,
  };
  return logger;
}
