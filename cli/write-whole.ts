import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file that readers see whole or not at all. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.part`;
  try {
    await writeFile(draft, text);
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
