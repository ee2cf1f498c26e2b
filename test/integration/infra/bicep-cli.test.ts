import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FOLDER, templates } from './templates.ts';

const { PATH = '', HOME = '' } = process.env;
const env = { PATH, HOME };

/** How the Bicep CLI is called on this machine; undefined where there is none. */
function findBicep(): readonly string[] | undefined {
  const ways = [['bicep'], ['az', 'bicep']];
  return ways.find(([program = '', ...words]) => {
    const version = [...words, words.length === 0 ? '--version' : 'version'];
    return spawnSync(program, version, { env, timeout: 20_000 }).status === 0;
  });
}

const bicep = findBicep();

/** What there is of the CLI is a test: without it the report says what was not done. */
if (bicep === undefined) {
  test('only the structure of the Bicep files is checked: there is no Bicep CLI here to compile them', () => {
    expect(templates.size).toBeGreaterThan(0);
  });
} else {
  describe('the Bicep CLI', () => {
    const [program = '', ...words] = bicep;
    const run = (...args: string[]) => {
      const { status, stderr } = spawnSync(program, [...words, ...args], { env, encoding: 'utf8' });
      return { status, stderr };
    };
    const named = (file: string) => (words.length === 0 ? [join(FOLDER, file)] : ['--file', join(FOLDER, file)]);
    const silent = { status: 0, stderr: '' };

    test('builds main.bicep without a word', () => {
      expect(run('build', ...named('main.bicep'), '--stdout')).toEqual(silent);
    });

    test('finds nothing to complain about in main.bicep', () => {
      expect(run('lint', ...named('main.bicep'))).toEqual(silent);
    });

    test('builds the parameter file', () => {
      expect(run('build-params', ...named('main.bicepparam'), '--stdout')).toEqual(silent);
    });
  });
}
