/** One word of a Bicep file. */
export type Token =
  | { readonly kind: 'name' | 'mark' | 'newline' | 'end'; readonly text: string; readonly line: number }
  | { readonly kind: 'number'; readonly text: string; readonly line: number }
  | { readonly kind: 'string'; readonly text: string; readonly line: number; readonly parts: readonly StringPart[] };

/** What a string is made of: text, and the tokens of `${…}`. */
export type StringPart = string | readonly Token[];

const MARKS = ['=>', '==', '!=', '<=', '>=', '=~', '!~', '&&', '||', '??', '.?', '[?'];
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', "'": "'", '\\': '\\', $: '$' };

interface Cursor {
  readonly text: string;
  at: number;
  line: number;
}

/** Splits a Bicep file into tokens; throws with the line for what is no Bicep. Newlines inside of parentheses do not count. */
export function tokenize(text: string): Token[] {
  const cursor = { text, at: 0, line: 1 };
  const tokens = [...readTokens(cursor, undefined)];
  return [...tokens, { kind: 'end', text: '', line: cursor.line }];
}

function* readTokens(cursor: Cursor, until: '}' | undefined): Generator<Token> {
  const open: string[] = until === undefined ? [] : ['('];
  while (skipBlanks(cursor)) {
    const { line } = cursor;
    const next = cursor.text[cursor.at] ?? '';
    if (until === next && open.length === 1) return;
    if (next === '\n') {
      take(cursor, 1);
      if (open.at(-1) !== '(') yield { kind: 'newline', text: '\n', line };
    } else if (next === "'") {
      yield readString(cursor);
    } else {
      const token = readWord(cursor);
      nest(open, token);
      yield token;
    }
  }
  if (until !== undefined) throw new Error(`line ${cursor.line}: interpolation without an end`);
  if (open.length > 0) throw new Error(`line ${cursor.line}: ${open.join('')} without an end`);
}

/** Skips spaces and comments; false at the end. */
function skipBlanks(cursor: Cursor): boolean {
  const blanks = /(?:[ \t\r]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
  blanks.lastIndex = cursor.at;
  take(cursor, blanks.exec(cursor.text)?.[0].length ?? 0);
  return cursor.at < cursor.text.length;
}

function readWord(cursor: Cursor): Token {
  const { line } = cursor;
  const word = /[A-Za-z_]\w*|\d+/y;
  word.lastIndex = cursor.at;
  const found = word.exec(cursor.text)?.[0];
  if (found !== undefined)
    return { kind: /^\d/.test(found) ? 'number' : 'name', text: take(cursor, found.length), line };
  const double = cursor.text.slice(cursor.at, cursor.at + 2);
  if (MARKS.includes(double)) return { kind: 'mark', text: take(cursor, 2), line };
  const single = take(cursor, 1);
  if (!'{}[]()=:,.?!@+-*/%<>'.includes(single)) throw new Error(`line ${line}: unexpected ${single}`);
  return { kind: 'mark', text: single, line };
}

function nest(open: string[], { text, line }: Token): void {
  const closes: Readonly<Record<string, string>> = { ')': '(', '}': '{', ']': '[' };
  const opener = closes[text];
  if (['(', '{', '['].includes(text)) open.push(text);
  if (text === '[?') open.push('[');
  if (opener !== undefined && open.pop() !== opener) throw new Error(`line ${line}: ${text} without ${opener}`);
}

function readString(cursor: Cursor): Token {
  const { line } = cursor;
  if (cursor.text.startsWith("'''", cursor.at)) return readBlock(cursor);
  take(cursor, 1);
  const parts: StringPart[] = [''];
  for (;;) {
    const next = take(cursor, 1);
    if (next === '' || next === '\n') throw new Error(`line ${line}: string without an end`);
    if (next === "'")
      return { kind: 'string', text: parts.filter((part) => typeof part === 'string').join(''), line, parts };
    if (next === '$' && cursor.text[cursor.at] === '{') {
      take(cursor, 1);
      parts.push([...readTokens(cursor, '}'), { kind: 'end', text: '', line }], '');
      take(cursor, 1);
    } else {
      const text = next === '\\' ? escaped(cursor) : next;
      const before = parts.pop();
      parts.push(typeof before === 'string' ? before + text : text);
    }
  }
}

function readBlock(cursor: Cursor): Token {
  const { line } = cursor;
  const end = cursor.text.indexOf("'''", cursor.at + 3);
  if (end === -1) throw new Error(`line ${line}: string without an end`);
  const text = take(cursor, end + 3 - cursor.at).slice(3, -3);
  return { kind: 'string', text, line, parts: [text] };
}

function escaped(cursor: Cursor): string {
  const letter = take(cursor, 1);
  const meaning = ESCAPES[letter];
  if (meaning === undefined) throw new Error(`line ${cursor.line}: \\${letter} means nothing`);
  return meaning;
}

function take(cursor: Cursor, length: number): string {
  const taken = cursor.text.slice(cursor.at, cursor.at + length);
  cursor.at += length;
  cursor.line += taken.split('\n').length - 1;
  return taken;
}
