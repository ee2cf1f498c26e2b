import type { Logger } from '../../agent/observe/logger.ts';
import type { RpcLogLevel } from './app/core-types.ts';
import type { LogSink } from './app/invoke.ts';

const LEVELS: Readonly<Record<RpcLogLevel, 'trace' | 'debug' | 'info' | 'warn' | 'error' | undefined>> = {
  trace: 'trace',
  debug: 'debug',
  information: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
  none: undefined,
};

/** Writes lines of the app into the log of the host, redacted as all of it. */
export function createAppLog(logger: Logger): LogSink {
  return ({ level, category, message, functionName, invocationId }) => {
    const method = LEVELS[level];
    if (method === undefined) return;
    const where = functionName === undefined ? {} : { function: functionName, invocationId };
    logger[method]({ evt: category === 'user' ? 'FunctionLog' : 'FunctionSystemLog', ...where }, message);
  };
}
