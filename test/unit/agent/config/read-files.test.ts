import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isConfigFileName, readConfigFiles } from '../../../../agent/config/read-files.ts';
import { folderOf } from '../../cli/sample-config.ts';

describe('configuration file names', () => {
  test.each([
    ['a.yaml', true],
    ['a.yml', true],
    ['A.JSON', true],
    ['..data', false],
    ['.a.yaml', false],
    ['a.yaml~', false],
    ['a.yaml.swp', false],
    ['README.md', false],
    ['yaml', false],
  ])('%s is read: %s', (name, expected) => {
    expect(isConfigFileName(name)).toBe(expected);
  });
});

describe('reading configuration files', () => {
  test('goes through folders by name and keeps the order of the arguments', async () => {
    const folder = await folderOf({ 'b.yaml': 'b', 'a.yaml': 'a' });
    const other = await folderOf({ 'c.yaml': 'c' });
    const { files, problems } = await readConfigFiles([join(other, 'c.yaml'), folder]);
    expect(files.map((file) => file.text)).toEqual(['c', 'a', 'b']);
    expect(problems).toEqual([]);
  });

  test.each([
    ['nothing there', 'missing.yaml', 'YA901'],
    ['an empty folder', '.', 'YA902'],
    ['a folder named like a file, below another', 'x/y.yaml', 'YA901'],
  ])('makes a problem of %s', async (_name, path, rule) => {
    const folder = await folderOf({});
    const { problems } = await readConfigFiles([join(folder, path)]);
    expect(problems.map((problem) => problem.rule)).toEqual([rule]);
  });

  test('does not read a file that is too large to be a configuration', async () => {
    const folder = await folderOf({ 'a.yaml': '' });
    await truncate(join(folder, 'a.yaml'), 17 * 1024 * 1024);
    const { files, problems } = await readConfigFiles([folder]);
    expect([files.length, problems[0]?.rule]).toEqual([0, 'YA903']);
  });
});
