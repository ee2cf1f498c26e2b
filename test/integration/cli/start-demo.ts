import { resolve } from 'node:path';
import { type Child, startChild } from '../../support/child.ts';
import type { Scope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

/** The program, from its sources. */
export const MAIN = resolve(import.meta.dirname, '../../../cli/main.ts');

/** Starts `mqttbridge demo` with probes on free ports and everything temporary in a folder that goes with the scope. */
export async function startDemo(scope: Scope, ...args: string[]): Promise<Child> {
  // A killed demo cannot remove its own folder.
  const TMPDIR = await createTempDir(scope, 'demo');
  const command = [MAIN, 'demo', '--http', '127.0.0.1:0', ...args];
  const child = await startChild(process.execPath, command, { env: { ...process.env, TMPDIR } });
  scope.onTestFinished(async () => {
    await child.end('SIGKILL');
  });
  return child;
}
