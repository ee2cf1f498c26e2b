import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeWhole } from '../../../cli/write-whole.ts';
import { folderOf } from './sample-config.ts';

describe('writing a file whole', () => {
  test('replaces what was there and leaves nothing beside it', async () => {
    const folder = await folderOf({ 'ready.json': 'old and longer' });
    await writeWhole(join(folder, 'ready.json'), 'new');
    expect([await readFile(join(folder, 'ready.json'), 'utf8'), await readdir(folder)]).toEqual([
      'new',
      ['ready.json'],
    ]);
  });

  test('fails without leaving a draft', async () => {
    const folder = await folderOf({});
    await mkdir(join(folder, 'ready.json'));
    await expect(writeWhole(join(folder, 'ready.json'), 'new')).rejects.toThrow('EISDIR');
    expect(await readdir(folder)).toEqual(['ready.json']);
  });
});
