/** Puts a text in place of a named section of a page, or at its end when there is none yet. */
export function replaceSection(page: string, name: string, text: string): string {
  const section = `${begin(name)}\n${text.trim()}\n${end(name)}\n`;
  const found = sectionOf(page, name);
  return found === undefined ? `${page.trimEnd()}\n\n${section}` : page.replace(found, () => section);
}

/** A named section of a page with its marks, undefined when there is none. */
export function sectionOf(page: string, name: string): string | undefined {
  const from = page.indexOf(begin(name));
  const to = page.indexOf(end(name), from);
  return from < 0 || to < 0 ? undefined : page.slice(from, to + end(name).length + 1);
}

const begin = (name: string): string => `<!-- begin ${name} -->`;
const end = (name: string): string => `<!-- end ${name} -->`;
