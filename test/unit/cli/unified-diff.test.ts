import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { unifiedDiff } from '../../../cli/unified-diff.ts';

const text = fc
  .array(fc.constantFrom('a', 'b', 'c', ' d'), { maxLength: 40 })
  .map((lines) => lines.map((line) => `${line}\n`).join(''));

describe('unified diff', () => {
  test.each([
    ['', '', ''],
    ['a\n', 'a\n', ''],
    ['', 'a\n', '@@ -0,0 +1 @@\n+a\n'],
    ['a\nb\n', '', '@@ -1,2 +0,0 @@\n-a\n-b\n'],
    ['1\n2\n3\n4\n5\n', '1\n2\n3\n4\nx\n', '@@ -2,4 +2,4 @@\n 2\n 3\n 4\n-5\n+x\n'],
  ])('from %j to %j', (before, after, expected) => {
    expect(unifiedDiff(before, after)).toBe(expected);
  });

  test('has a hunk for each group of changes', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `${index}\n`);
    const changed = lines.with(3, 'x\n').with(5, 'y\n').with(25, 'z\n');
    expect(unifiedDiff(lines.join(''), changed.join('')).match(/^@@ .* @@$/gm)).toEqual([
      '@@ -1,9 +1,9 @@',
      '@@ -23,7 +23,7 @@',
    ]);
  });

  test('gives up the shortest way where texts have little in common', () => {
    const lines = (prefix: string) => Array.from({ length: 1500 }, (_, index) => `${prefix}${index}\n`).join('');
    expect(unifiedDiff(lines('a'), lines('b')).split('\n')).toHaveLength(3002);
  });

  test.prop([text, text], { numRuns: 500 })('makes of one text the other one, hunk by hunk', (before, after) => {
    expect(patched(before, unifiedDiff(before, after))).toBe(after);
  });
});

/** Applies a diff as `patch` does, every line of it checked. */
function patched(before: string, diff: string): string {
  const old = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const result: string[] = [];
  let taken = 0;
  for (const hunk of diff.split(/^(?=@@ )/m).filter(Boolean)) {
    const [head = '', ...lines] = hunk.replace(/\n$/, '').split('\n');
    const [, start = '', count = '1'] = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(head) ?? [];
    const first = count === '0' ? Number(start) : Number(start) - 1;
    while (taken < first) result.push(old[taken++] ?? '');
    for (const line of lines) {
      if (line.startsWith('+')) result.push(line.slice(1));
      else expect(old[taken++]).toBe(line.slice(1));
      if (line.startsWith(' ')) result.push(line.slice(1));
    }
  }
  return [...result, ...old.slice(taken)].map((line) => `${line}\n`).join('');
}
