import { describe, expect, test } from 'vitest';
import { textTable } from '../../../cli/output.ts';

describe('table', () => {
  test('has columns as wide as their widest cell and no blanks at the end', () => {
    expect(
      textTable([
        ['ROUTE', 'QOS', 'TARGET'],
        ['up', '1', 'a/b/c'],
        ['a-long-name', '0', ''],
      ]),
    ).toBe('ROUTE        QOS  TARGET\nup           1    a/b/c\na-long-name  0\n');
  });

  test('of nothing is nothing', () => {
    expect(textTable([])).toBe('');
  });
});
