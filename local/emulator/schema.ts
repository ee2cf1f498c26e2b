import { z } from 'zod';
import { jsonText, type GeneratedFile } from '../../shared/schema/generated.ts';
import { emulatorConfigSchema } from './config.ts';

/** The JSON Schema (2020-12) of an emulator's file, for editors. */
export function emulatorSchemaFile(): GeneratedFile {
  const schema = z.toJSONSchema(emulatorConfigSchema, { io: 'input' });
  return { path: 'schemas/emulator.schema.json', text: `${jsonText(schema, '')}\n` };
}
