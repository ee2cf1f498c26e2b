import { z } from 'zod';
import type { GeneratedFile } from '../../shared/schema/generated.ts';
import { jsonText } from '../../shared/schema/json-text.ts';
import { emulatorConfigSchema } from './config.ts';

/** The JSON Schema (2020-12) of an emulator's file, for editors. */
export function emulatorSchemaFile(): GeneratedFile {
  const schema = z.toJSONSchema(emulatorConfigSchema, { io: 'input' });
  return { path: 'schemas/emulator.schema.json', text: `${jsonText(schema, '')}\n` };
}
