import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** A fenced block of a Markdown page. */
export interface Block {
  /** `docs/guide.md:12`, the line of its fence. */
  readonly where: string;
  readonly language: string;
  readonly text: string;
  /** What the HTML comment on the line above says, as `<!-- key: value -->` or `<!-- key -->`. */
  readonly marks: ReadonlyMap<string, string>;
}

/** Folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../../..');

/** Every Markdown page that people read to use the bridge. */
export async function listPages(): Promise<string[]> {
  const folders = ['docs', 'docs/reference'];
  const found = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(join(ROOT, folder))).filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`),
    ),
  );
  return ['README.md', 'examples/README.md', ...found.flat().sort()];
}

/** A page's text. */
export function readPage(page: string): Promise<string> {
  return readFile(join(ROOT, page), 'utf8');
}

/** The fenced blocks of all pages, in one language. */
export async function collectBlocks(language: string): Promise<Block[]> {
  const pages = await listPages();
  const blocks = await Promise.all(pages.map(async (page) => blocksOf(page, await readPage(page))));
  return blocks.flat().filter((block) => block.language === language);
}

/** The fenced blocks of a page's text. */
export function blocksOf(page: string, text: string): Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let start: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('```')) continue;
    if (start === undefined) {
      start = index;
      continue;
    }
    blocks.push({
      where: `${page}:${start + 1}`,
      language: (lines[start] ?? '').slice(3).trim(),
      text: `${lines.slice(start + 1, index).join('\n')}\n`,
      marks: marksOf(lines[start - 1] ?? ''),
    });
    start = undefined;
  }
  return blocks;
}

function marksOf(line: string): ReadonlyMap<string, string> {
  const match = /^<!-- ([a-z ]+)(?:: (.*))? -->$/.exec(line);
  return new Map(match?.[1] === undefined ? [] : [[match[1], match[2] ?? '']]);
}

/** Rows of the table under a heading: the cells of each, without Markdown's code marks. */
export function tableUnder(text: string, heading: string): string[][] {
  const from = text.indexOf(`\n${heading}\n`);
  if (from === -1) throw new Error(`no heading "${heading}"`);
  const section = text.slice(from + heading.length + 2).split(/\n#+ /)[0] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}
