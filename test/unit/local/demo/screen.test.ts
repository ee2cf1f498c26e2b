import { describe, expect, test } from 'vitest';
import { createDisplay } from '../../../../local/demo/screen.ts';

function display(isTTY: boolean) {
  let written = '';
  const shown = createDisplay({ write: (text) => (written += text), isTTY, columns: 80 });
  return { shown, taken: () => written.replaceAll('\u001b', 'ESC') };
}

describe('display', () => {
  test('draws over what it drew before', () => {
    const { shown, taken } = display(true);
    shown.draw(['a', 'b']);
    shown.draw(['c']);
    expect(taken()).toBe('a\nb\nESC[2A\rESC[Jc\n');
  });

  test('keeps a note above the drawing', () => {
    const { shown, taken } = display(true);
    shown.draw(['a']);
    shown.note('first message');
    shown.draw(['b']);
    expect(taken()).toBe('a\nESC[1A\rESC[Jfirst message\na\nESC[1A\rESC[Jb\n');
  });

  test('moves no cursor where there is no terminal', () => {
    const { shown, taken } = display(false);
    shown.draw(['a']);
    shown.note('n');
    shown.draw(['b']);
    expect(taken()).toBe('a\nn\nb\n');
  });
});
