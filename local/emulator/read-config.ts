import { parseDocument } from 'yaml';
import { emulatorConfigSchema, type EmulatorConfig } from './config.ts';

/** A file that was understood, or everything that is wrong with it, one line each. */
export type ReadConfig =
  | { readonly kind: 'config'; readonly config: EmulatorConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Reads an emulator's file: YAML, and so JSON too; an empty one changes nothing. */
export function readEmulatorConfig(text: string): ReadConfig {
  const document = parseDocument(text);
  if (document.errors.length > 0) return { kind: 'invalid', problems: document.errors.map(({ message }) => message) };
  const { success, data, error } = emulatorConfigSchema.safeParse(document.toJS() ?? {});
  if (success) return { kind: 'config', config: data };
  const problems = error.issues.map(
    ({ path, message }) => `${path.length === 0 ? 'the file' : path.join('.')}: ${message}`,
  );
  return { kind: 'invalid', problems };
}
