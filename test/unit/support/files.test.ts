import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mount } from '../../support/mounted.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

test('temp dir - is there until its scope ends', async () => {
  const scope = createScope();
  const path = await createTempDir(scope);
  await writeFile(join(path, 'file'), 'x');
  await scope.close();
  await expect(stat(path)).rejects.toThrow('ENOENT');
});

test('scope - cleans up last-in first-out, goes on after a failure and reports it', async () => {
  const order: number[] = [];
  const scope = createScope();
  for (const i of [1, 2, 3]) {
    scope.onTestFinished(() => {
      order.push(i);
      if (i === 2) throw new Error('two');
    });
  }
  await expect(scope.close()).rejects.toThrow('clean-up failed');
  expect(order).toEqual([3, 2, 1]);
});

test('scope - cleans up at once what comes after its end', async () => {
  const scope = createScope();
  await scope.close();
  let cleaned = false;
  scope.onTestFinished(() => void (cleaned = true));
  expect(cleaned).toBe(true);
});

test('mounted - shows keys through links, and swaps all of them at one moment', async (t) => {
  const dir = await createTempDir(t);
  const { path, update } = await mount(dir, 'secret', { cert: 'old', key: 'old', gone: 'x' });
  expect(path).toBe(join(dir, 'secret'));
  expect(await readFile(join(path, 'cert'), 'utf8')).toBe('old');
  expect(await readlink(join(path, 'key'))).toBe('..data/key');
  const before = await readlink(join(path, '..data'));
  await update({ cert: 'new', key: Buffer.from('new'), added: 'y' });
  expect(await readlink(join(path, '..data'))).not.toBe(before);
  expect(await readFile(join(path, 'key'), 'utf8')).toBe('new');
  const visible = (await readdir(path)).filter((name) => !name.startsWith('..'));
  expect(visible.sort()).toEqual(['added', 'cert', 'key']);
  expect((await readdir(path)).filter((name) => name.startsWith('..'))).toHaveLength(2);
});
