import type { CST } from 'yaml';

/** How deep a parsed token is nested, counted without recursion and no further than just beyond the limit. */
export function nestingDepth(token: CST.Token, limit: number): number {
  let deepest = 0;
  const open: { token: CST.Token; depth: number }[] = [{ token, depth: 0 }];
  for (let next = open.pop(); next !== undefined && deepest <= limit; next = open.pop()) {
    deepest = Math.max(deepest, next.depth);
    for (const child of childrenOf(next.token)) open.push({ token: child, depth: next.depth + 1 });
  }
  return deepest;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [token.value];
  if (!('items' in token)) return [];
  return token.items.flatMap((item) => [item.key, item.value].filter((child) => child !== null && child !== undefined));
}
