import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allGeneratedFiles } from './files.ts';

// Writes every generated file of the repository; run it after a change of the schemas, rules or metrics.
const root = join(import.meta.dirname, '../..');
for (const { path, text } of allGeneratedFiles()) {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
