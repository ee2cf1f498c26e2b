/** Whether a name is one that a pattern stands for, in which `*` is any text and `?` one character. */
export function matchesName(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`).test(name);
}
