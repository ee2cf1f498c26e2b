import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the local host takes from host.json; everything else in it is for the real one. */
export interface HostJson {
  /** Without slashes around it; may be empty. */
  readonly routePrefix: string;
  /** Name of the durable task hub. */
  readonly hubName: string;
}

/** Reads host.json of an app; throws when it is missing or none. */
export async function readHostJson(appDir: string): Promise<HostJson> {
  const file = join(appDir, 'host.json');
  const text = await readFile(file, 'utf8');
  try {
    const { version, extensions } = JSON.parse(text) as {
      version?: unknown;
      extensions?: { http?: { routePrefix?: unknown }; durableTask?: { hubName?: unknown } };
    };
    if (version !== '2.0') throw new Error('its version is not "2.0"');
    const prefix = textOr(extensions?.http?.routePrefix, 'api').replace(/^\/+|\/+$/g, '');
    return { routePrefix: prefix, hubName: textOr(extensions?.durableTask?.hubName, 'TestHubName') };
  } catch (cause) {
    throw new Error(`${file} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' ? value : fallback;
}
