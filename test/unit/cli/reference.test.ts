import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkReportSchema } from '../../../cli/check/report-schema.ts';
import { EXIT } from '../../../cli/exit-code.ts';
import type { LoadAgent } from '../../../cli/agent-port.ts';
import { runCli } from '../../../cli/program.ts';
import { fakeIo } from './fake-io.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../../docs/reference/cli.md'), 'utf8');
const noAgent: LoadAgent = async () => () => {
  throw new Error('no agent is wanted here');
};

/** First cells of the table below a heading. */
function firstCells(heading: string): string[] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return [...section.matchAll(/^\| `?([^`|]+?)`? \|/gm)].map((match) => match[1]).slice(1);
}

describe('reference page of the command line', () => {
  test('names every exit code', () => {
    expect(firstCells('Exit codes').map(Number)).toEqual(Object.values(EXIT));
  });

  test('names every check, once', () => {
    const named = firstCells('Check').flatMap((cell) => cell.split(', '));
    expect(named.sort()).toEqual([...checkReportSchema.shape.configuration.element.shape.check.options].sort());
  });

  test('names every command', async () => {
    const io = fakeIo();
    await runCli(['--help'], io, noAgent);
    const commands = [...io.out().matchAll(/^ {2}([a-z-]+)(?: [[<].*?[\]>])* {2,}/gm)].map((match) => match[1]);
    const documented = [...PAGE.matchAll(/^\| `([a-z][a-z-]*)(?: [^`]*)?` \|/gm)].map((match) => match[1]);
    expect([...new Set(documented)].sort()).toEqual(commands.filter((name) => name !== 'help').sort());
  });
});
