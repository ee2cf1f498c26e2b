import type { Log } from '../http/contract.ts';
import { type Settings, settingsSchema } from './settings.ts';

/** Reads the application settings; faulty ones are logged by name, never by value, and then none at all counts. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>, log: Log): Settings {
  // What a template left empty was not set.
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) log('SettingInvalid', { setting: path.join('.'), message });
  return settingsSchema.parse({});
}
