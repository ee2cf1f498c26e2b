import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage, ROOT, tableUnder } from './pages.ts';

test('log events of the durable engine are those of the code, at their levels', async () => {
  const rows = tableUnder(await readPage('docs/control-plane.md'), '### Orchestrations on one machine');
  const folder = join(ROOT, 'local/functions-host/durable');
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const text = (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
  const logged = [...text.matchAll(/logger\.(\w+)\(\{\s*evt: '(\w+)'/g)].map(([, level, evt]) => `${evt} ${level}`);
  expect(rows.map(([evt, level]) => `${evt} ${level}`).sort()).toEqual(logged.sort());
});
