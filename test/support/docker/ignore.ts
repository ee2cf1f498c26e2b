import { matchesGlob } from 'node:path';

/** Says of a path, relative to the build context, whether a `.dockerignore` leaves it out. The last line that matches decides. */
export function ignoredBy(text: string): (path: string) => boolean {
  const rules = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keeps: line.startsWith('!'), pattern: line.replace(/^!/, '') }));
  return (path) => {
    const folders = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
    const last = rules.findLast(({ pattern }) => folders.some((folder) => covers(pattern, folder)));
    return last?.keeps === false;
  };
}

// Docker's wildcards take names with a leading dot, and Node's do not.
function covers(pattern: string, path: string): boolean {
  const plain = (text: string) => text.replaceAll(/(^|\/)\./g, '$1\u{2024}');
  return matchesGlob(plain(path), plain(pattern));
}
