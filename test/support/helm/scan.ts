/** A piece of a template: text as it stands, or what is between `{{` and `}}`. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

/** A word of an action. `touches`: nothing is between it and the word before. */
export interface Token {
  readonly kind: 'string' | 'number' | 'chain' | 'word' | 'mark';
  readonly text: string;
  readonly touches: boolean;
}

const COMMENT = /^\/\*[\s\S]*?\*\/$/;
const WORDS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['number', /-?\d+(?![\w.])/y],
  ['mark', /:=|[=|(),]/y],
  ['chain', /\$\w*(?:\.\w+)*|(?:\.\w+)+|\./y],
  ['word', /[A-Za-z_]\w*/y],
];

/** Cuts a template into pieces; `{{-` and `-}}` take the white space beside them. Throws a SyntaxError with the line. */
export function scan(source: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimNext = false;
  for (;;) {
    const start = source.indexOf('{{', at);
    const raw = source.slice(at, start === -1 ? undefined : start);
    const text = trimNext ? raw.trimStart() : raw;
    const trimBefore = start !== -1 && /^\{\{-\s/.test(source.slice(start, start + 4));
    const kept = trimBefore ? text.trimEnd() : text;
    if (kept !== '') pieces.push({ kind: 'text', text: kept });
    if (start === -1) return pieces;
    const line = source.slice(0, start).split('\n').length;
    const end = endOfAction(source, start + 2, line);
    const inner = source.slice(start + (trimBefore ? 3 : 2), end);
    trimNext = /\s-$/.test(inner);
    const body = (trimNext ? inner.slice(0, -1) : inner).trim();
    if (!COMMENT.test(body)) pieces.push({ kind: 'action', tokens: tokensOf(body, line), line });
    at = end + 2;
  }
}

function endOfAction(source: string, from: number, line: number): number {
  const inside = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|\/\*[\s\S]*?\*\/|\}\}/g;
  inside.lastIndex = from;
  for (let match = inside.exec(source); match !== null; match = inside.exec(source)) {
    if (match[0] === '}}') return match.index;
  }
  throw new SyntaxError(`line ${line}: an action does not end`);
}

function tokensOf(body: string, line: number): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < body.length) {
    const gap = /\s*/y;
    gap.lastIndex = at;
    const space = gap.exec(body)?.[0].length ?? 0;
    at += space;
    const token = tokenAt(body, at, space === 0);
    if (token === undefined) throw new SyntaxError(`line ${line}: cannot read ${body.slice(at, at + 20)}`);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(body: string, at: number, touches: boolean): Token | undefined {
  for (const [kind, pattern] of WORDS) {
    pattern.lastIndex = at;
    const text = pattern.exec(body)?.[0];
    if (text !== undefined) return { kind, text, touches };
  }
  return undefined;
}
