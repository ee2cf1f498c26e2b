import { describe, expect, test } from 'vitest';
import type { ConfigUpdate } from '../../../agent/config/source.ts';
import { createLogger } from '../../../agent/observe/logger.ts';
import { reportConfig } from '../../../cli/report-config.ts';
import { validateConfig } from '../../../shared/config/validate.ts';
import { BROKEN, SAMPLE } from './sample-config.ts';

const documentOf = (text: string): ConfigUpdate => {
  const [document] = validateConfig([{ name: 'a.yaml', text }]).connectors;
  return { kind: 'document', document };
};
const rejectedOf = (text: string): ConfigUpdate => {
  return { kind: 'rejected', revision: 'r', problems: validateConfig([{ name: 'a.yaml', text }]).problems };
};

async function report(...updates: ConfigUpdate[]) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    level: 'info',
    destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    now: () => 0,
    wallClock: () => new Date(0),
  });
  const source = reportConfig(
    {
      async *updates() {
        yield* updates;
      },
    },
    logger,
  );
  const passed: ConfigUpdate[] = [];
  for await (const update of source.updates(new AbortController().signal)) passed.push(update);
  return { lines, passed, level: logger.level };
}

describe('reporting a configuration', () => {
  test('passes every update on', async () => {
    const updates = [documentOf(SAMPLE), rejectedOf(BROKEN)];
    expect((await report(...updates)).passed).toEqual(updates);
  });

  test('takes the log level of the newest document', async () => {
    const debug = documentOf(SAMPLE.replace('protocol: v5', 'protocol: v5\n  logLevel: debug'));
    expect((await report(documentOf(SAMPLE), debug)).level).toBe('debug');
    expect((await report(debug, documentOf(SAMPLE))).level).toBe('info');
    expect((await report(debug, rejectedOf(BROKEN))).level).toBe('debug');
  });

  test('logs each error of a refused document with its place', async () => {
    const { lines } = await report(rejectedOf(BROKEN));
    expect(lines).toMatchObject([
      { level: 'error', evt: 'ConfigRejected', revision: 'r', errors: 1 },
      { level: 'error', evt: 'ConfigProblem', rule: 'TM004', file: 'a.yaml:26:13', path: 'spec.routes[0].target' },
    ]);
  });
});
