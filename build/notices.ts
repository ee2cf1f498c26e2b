import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'rolldown';

const NOTICE_FILE = 'LICENSES.txt';
const PACKAGE = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/;

/** Adds a file with the licences of all packages that the program is made of. */
export function notices(root: string): Plugin {
  return {
    name: 'notices',
    async generateBundle() {
      const folders = new Map<string, string>();
      for (const id of this.getModuleIds()) {
        const [folder, name] = PACKAGE.exec(id) ?? [];
        if (folder !== undefined && name !== undefined) folders.set(name, folder);
      }
      const texts = [...folders].toSorted().map(async ([name, folder]) => `${name}\n\n${await licenceIn(folder)}`);
      const own = await licenceIn(root);
      this.emitFile({
        type: 'asset',
        fileName: NOTICE_FILE,
        source: [`mqttbridge\n\n${own}`, ...(await Promise.all(texts))].join(`\n${'-'.repeat(80)}\n`),
      });
    },
  };
}

/** The text of a package's licence file, or the name of the licence when it brings no text. */
async function licenceIn(folder: string): Promise<string> {
  const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
  if (file !== undefined) return readFile(join(folder, file), 'utf8');
  const { license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { license?: string };
  return `${license}\n`;
}
