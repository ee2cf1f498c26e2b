import type { ConfigSource, ConfigUpdate } from '../agent/config/source.ts';
import { parseLogLevel, type RootLogger } from '../agent/observe/logger.ts';

const MAX_PROBLEM_LINES = 20;

/** Passes a source on, logs what comes through, and sets the log level that a document asks for. */
export function reportConfig(source: ConfigSource, logger: RootLogger): ConfigSource {
  const { snapshot } = source;
  return {
    ...(snapshot && { snapshot }),
    async *updates(signal) {
      for await (const update of source.updates(signal)) {
        report(update, logger);
        yield update;
      }
    },
  };
}

function report(update: ConfigUpdate, logger: RootLogger): void {
  if (update.kind === 'document') {
    const { connector, revision } = update.document;
    logger.setLevel(parseLogLevel(connector.spec.logLevel));
    logger.info({ evt: 'ConfigRead', connector: connector.metadata.name, revision }, 'configuration is valid');
    return;
  }
  const errors = update.problems.filter((problem) => problem.severity === 'error');
  logger.error(
    { evt: 'ConfigRejected', reason: update.revision, revision: update.revision, errors: errors.length },
    'configuration is invalid and changes nothing',
  );
  for (const { rule, file, line, column, path, message, advice } of errors.slice(0, MAX_PROBLEM_LINES)) {
    const where = `${file}:${line}:${column}`;
    logger.error({ evt: 'ConfigProblem', reason: `${rule} ${where}`, rule, file: where, path, advice }, message);
  }
}
