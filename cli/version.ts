import { readFileSync } from 'node:fs';

/** Version of this package, from its package.json: one folder up from the sources, two from the compiled files. */
export function packageVersion(): string {
  for (const candidate of ['../package.json', '../../package.json']) {
    const version = versionIn(new URL(candidate, import.meta.url));
    if (version !== undefined) return version;
  }
  return '0.0.0-unknown';
}

function versionIn(file: URL): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown; version?: unknown };
    return name === 'mqttbridge' && typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
