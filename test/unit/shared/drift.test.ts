import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allGeneratedFiles } from '../../../cli/generate/files.ts';

const root = join(import.meta.dirname, '../../..');

it.each(allGeneratedFiles())('$path is what `node cli/generate/main.ts` writes', async ({ path, text }) => {
  expect(await readFile(join(root, path), 'utf8')).toBe(text);
});
