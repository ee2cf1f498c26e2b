import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mosquittoReferenceFile } from '../../../cli/import/mosquitto/reference.ts';
import { openApiFile } from '../../../functions/http/openapi-file.ts';
import { emulatorSchemaFile } from '../../../local/emulator/schema.ts';
import { statusReferenceFile } from '../../../operator/status/page.ts';
import { generatedFiles } from '../../../shared/schema/generated.ts';

const root = join(import.meta.dirname, '../../..');

it.each([...generatedFiles(), emulatorSchemaFile(), openApiFile(), mosquittoReferenceFile(), statusReferenceFile()])(
  '$path is what `node cli/generate/main.ts` writes',
  async ({ path, text }) => {
    expect(await readFile(join(root, path), 'utf8')).toBe(text);
  },
);
