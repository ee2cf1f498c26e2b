import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mosquittoReferenceFile } from '../import/mosquitto/reference.ts';
import { openApiFile } from '../../functions/http/openapi-file.ts';
import { emulatorSchemaFile } from '../../local/emulator/schema.ts';
import { statusReferenceFile } from '../../operator/status/page.ts';
import { generatedFiles } from '../../shared/schema/generated.ts';

// Writes every generated file of the repository; run it after a change of the schemas or rules.
const root = join(import.meta.dirname, '../..');
for (const { path, text } of [
  ...generatedFiles(),
  emulatorSchemaFile(),
  openApiFile(),
  mosquittoReferenceFile(),
  statusReferenceFile(),
]) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
