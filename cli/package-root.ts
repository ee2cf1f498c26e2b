import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Folder of this package, with a slash at its end: one up from the sources, two from the compiled files and the bundle. */
export function packageRoot(): string | undefined {
  const root = ['../', '../../'].map((path) => new URL(path, import.meta.url)).find(isOurs);
  return root === undefined ? undefined : fileURLToPath(root);
}

function isOurs(folder: URL): boolean {
  try {
    const { name } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { name?: unknown };
    return name === 'mqttbridge';
  } catch {
    return false;
  }
}
