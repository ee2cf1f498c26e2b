import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.ts';

/** Version of this package, from its package.json. */
export function packageVersion(): string {
  const root = packageRoot();
  if (root === undefined) return '0.0.0-unknown';
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}
