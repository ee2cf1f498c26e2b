import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The built program in a package of its own, whose Functions app is this one file; the path of the program. */
export async function installPackage(scope: Scope, app: string): Promise<string> {
  const root = await createTempDir(scope, 'package');
  await mkdir(join(root, 'dist/functions'), { recursive: true });
  await cp(join(ROOT, 'dist/bin'), join(root, 'dist/bin'), { recursive: true });
  for (const file of ['package.json', 'host.json']) await cp(join(ROOT, file), join(root, file));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  await writeFile(join(root, 'dist/functions/sample.js'), app);
  return join(root, 'dist/bin/mqttbridge.cjs');
}
