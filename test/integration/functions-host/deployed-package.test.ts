import { execFile } from 'node:child_process';
import { cp, readdir, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { operations } from '../../../functions/http/operations.ts';
import type { HostedFunction } from '../../../local/functions-host/app/functions.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const run = promisify(execFile);

/** The files that `func publish` sends, but for node_modules: what `.funcignore` leaves, which git reads as it does its own. */
async function deployedFiles(scope: Scope): Promise<string[]> {
  const empty = await createTempDir(scope, 'empty');
  await run('git', ['init', '--quiet'], { cwd: empty });
  const entries = await readdir(ROOT, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .filter((file) => !/^(?:node_modules|\.git)(?:\/|$)/.test(file));
  const ignored = await new Promise<string>((answer, fail) => {
    const exclude = `core.excludesFile=${join(ROOT, '.funcignore')}`;
    const options = { cwd: empty, maxBuffer: 1 << 26 };
    const child = execFile('git', ['-c', exclude, 'check-ignore', '--no-index', '--stdin'], options, (error, stdout) =>
      // 1 says that nothing is ignored.
      error === null || error.code === 1 ? answer(stdout) : fail(error),
    );
    child.stdin?.end(files.join('\n'));
  });
  const left = new Set(ignored.split('\n'));
  return files.filter((file) => !left.has(file));
}

/** What an app registers, found out in a process of its own, where nothing but Node reads its files. */
async function functionsOf(appDir: string): Promise<readonly HostedFunction[]> {
  const script = `const { loadApp } = await import(process.argv[1]);
    const { functions } = await loadApp({ appDir: process.argv[2], log() {} });
    console.log(JSON.stringify(functions));`;
  const loader = join(ROOT, 'local/functions-host/app/app.ts');
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script, loader, appDir]);
  return JSON.parse(stdout) as readonly HostedFunction[];
}

test('what is deployed is the app and nothing else, and it loads from there with every operation', async (t) => {
  const files = await deployedFiles(t);
  expect(files.filter((file) => !/^dist\/(?:functions|shared)\/.+\.js(?:\.map)?$/.test(file)).sort()).toEqual([
    'LICENSE',
    'host.json',
    'package-lock.json',
    'package.json',
  ]);
  const site = await createTempDir(t, 'site');
  for (const file of files) await cp(join(ROOT, file), join(site, file));
  await symlink(join(ROOT, 'node_modules'), join(site, 'node_modules'));

  const functions = await functionsOf(site);

  const of = (kind: string) => functions.filter(({ trigger }) => trigger.kind === kind);
  expect(of('http')).toHaveLength(new Set(operations.map(({ path }) => path)).size + 1);
  expect(
    of('durable')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['judgeSite', 'publishAlerts', 'siteHealth']);
  expect([...of('timer'), ...of('eventGrid')].map(({ name }) => name)).toEqual(['healSites', 'takeSessionEvent']);
  expect(of('http').every(({ trigger }) => trigger.kind === 'http' && trigger.authLevel === 'anonymous')).toBe(true);
});
