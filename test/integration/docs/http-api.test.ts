import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { startChild } from '../../support/child.ts';
import { startControlPlane } from '../../support/control-plane-process.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { collectBlocks } from './pages.ts';

interface Step {
  readonly command: string;
  /** Parts that the output has in this order. */
  readonly shown: readonly string[];
}

test('the page shows what the HTTP API answers', async (t) => {
  const plane = await startControlPlane(t);
  const cwd = await createTempDir(t, 'http-api');
  for (const { text, marks } of await collectBlocks('yaml')) {
    const file = marks.get('file');
    if (file === undefined) continue;
    await mkdir(dirname(join(cwd, file)), { recursive: true });
    await writeFile(join(cwd, file), text);
  }
  const { PATH = '' } = process.env;
  const env = { PATH, API: `${plane.url}/api`, AUTH: `Authorization: Bearer ${plane.adminKey}` };

  const blocks = (await collectBlocks('console')).filter(({ marks }) => marks.has('http api'));
  expect(blocks.length).toBeGreaterThan(3);
  for (const { command, shown } of blocks.flatMap(({ text }) => stepsOf(text))) {
    const child = await startChild('bash', ['-c', command], { cwd, env });
    expect((await child.exit).code, `${command}\n${child.stderr()}`).toBe(0);
    expectInOrder(child.stdout(), shown, command);
  }
});

function stepsOf(text: string): Step[] {
  return text.split(/^\$ /m).flatMap((part) => {
    const [command = '', ...lines] = part.split('\n');
    const shown = lines.flatMap((line) => line.split('…')).filter((piece) => piece.trim() !== '');
    return command === '' ? [] : [{ command, shown }];
  });
}

function expectInOrder(output: string, parts: readonly string[], command: string): void {
  let rest = output;
  for (const part of parts) {
    const at = rest.indexOf(part);
    if (at < 0) expect.fail(`${command}\nmust show ${part}\nand shows ${rest}`);
    rest = rest.slice(at + part.length);
  }
}
