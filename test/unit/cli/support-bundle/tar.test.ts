import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createArchive } from '../../../../cli/support-bundle/archive.ts';
import { tarOf } from '../../../../cli/support-bundle/tar.ts';
import { folderOf } from '../sample-config.ts';

const TIME = new Date('2026-05-04T03:02:01Z');

test('tar lists and unpacks what was packed, of any length', async () => {
  const contents = [0, 1, 511, 512, 513, 5_000].map((length) => Buffer.alloc(length, 'x'));
  const entries = contents.map((content, index) => ({ name: `folder/${index}.txt`, content }));
  const file = join(await folderOf({}), 'a.tar');
  await writeFile(file, tarOf(entries, TIME));
  const listed = execFileSync('tar', ['-tvf', file, '--utc', '--full-time'], { encoding: 'utf8' }).trim().split('\n');
  expect(listed).toHaveLength(6);
  expect(listed[5]).toMatch(/^-rw------- 0\/0 +5000 2026-05-04 03:02:01 folder\/5\.txt$/);
  for (const { name, content } of entries) {
    expect(execFileSync('tar', ['-xOf', file, name])).toEqual(content);
  }
});

test('a name that the format has no room for is a defect', () => {
  expect(() => tarOf([{ name: 'x'.repeat(101), content: Buffer.alloc(0) }], TIME)).toThrow(RangeError);
});

test('what finds no room in the archive is told, and what does is kept', () => {
  const archive = createArchive(10);
  archive.add('a', '12345678', 'first');
  archive.add('b', '123', 'second');
  archive.add('c', '12', 'third');
  expect(archive.contents.map(({ name }) => name)).toEqual(['a', 'c']);
  expect(archive.failures).toEqual([{ source: 'second', why: 'the bundle is full: 10 bytes' }]);
});
