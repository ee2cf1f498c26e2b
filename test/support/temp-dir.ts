import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from './scope.ts';

/** Makes an empty folder of its own (absolute, symlinks resolved) that disappears with the scope. */
export async function createTempDir(scope: Scope, label = 'test'): Promise<string> {
  const path = await mkdtemp(join(await realpath(tmpdir()), `mqttbridge-${label}-`));
  scope.onTestFinished(() => rm(path, { recursive: true, force: true, maxRetries: 3 }));
  return path;
}
