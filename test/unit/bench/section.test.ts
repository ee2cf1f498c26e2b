import { expect, test } from 'vitest';
import { replaceSection, sectionOf } from '../../../bench/report/section.ts';

test('a section is added once, replaced afterwards, and the rest of the page stays', () => {
  const page = '# Page\n\ntext\n';
  const first = replaceSection(page, 'fleet', '## One $& $1');
  const second = replaceSection(first, 'fleet', '## Two');

  expect(first).toBe('# Page\n\ntext\n\n<!-- begin fleet -->\n## One $& $1\n<!-- end fleet -->\n');
  expect(second).toBe('# Page\n\ntext\n\n<!-- begin fleet -->\n## Two\n<!-- end fleet -->\n');
  expect(sectionOf(second, 'fleet')).toBe('<!-- begin fleet -->\n## Two\n<!-- end fleet -->\n');
  expect(sectionOf(page, 'fleet')).toBeUndefined();
});
