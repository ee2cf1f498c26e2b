import type { Token } from './tokens.ts';

/** An expression of Bicep. */
export type Expression =
  | { readonly kind: 'string'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'literal'; readonly value: number | boolean | null }
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  | { readonly kind: 'call'; readonly of?: Expression; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'index'; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'object'; readonly properties: readonly Property[] }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | { readonly kind: 'for'; readonly locals: readonly string[]; readonly over: Expression; readonly body: Expression }
  | { readonly kind: 'if'; readonly condition: Expression; readonly body: Expression }
  | { readonly kind: 'lambda'; readonly locals: readonly string[]; readonly body: Expression }
  | { readonly kind: 'operation'; readonly operator: string; readonly operands: readonly Expression[] };

/** A property of an object; what is computed has no name. */
export interface Property {
  readonly name: string | undefined;
  readonly key: Expression;
  readonly value: Expression;
}

/** Tokens with a place among them. */
export interface Reader {
  readonly tokens: readonly Token[];
  at: number;
}

const LEVELS: readonly (readonly string[])[] = [
  ['??'],
  ['||'],
  ['&&'],
  ['==', '!=', '=~', '!~'],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];

/** The token at the reader's place. */
export function peek({ tokens, at }: Reader, ahead = 0): Token {
  const token = tokens[Math.min(at + ahead, tokens.length - 1)];
  if (token === undefined) throw new Error('no tokens');
  return token;
}

/** Takes the next token if it is this one. */
export function accept(reader: Reader, text: string): boolean {
  const token = peek(reader);
  const fits = token.kind !== 'string' && token.kind !== 'end' && token.text === text;
  if (fits) reader.at++;
  return fits;
}

/** Takes the next token, which must be this one. */
export function expectText(reader: Reader, text: string): void {
  if (!accept(reader, text)) throw new Error(`line ${peek(reader).line}: ${text} expected, not ${peek(reader).text}`);
}

/** Takes a token of this kind. */
export function takeKind(reader: Reader, kind: Token['kind']): Token {
  const token = peek(reader);
  if (token.kind !== kind) throw new Error(`line ${token.line}: ${kind} expected, not ${token.text}`);
  reader.at++;
  return token;
}

/** Goes to the next token that is no newline. */
export function skipNewlines(reader: Reader): void {
  while (peek(reader).kind === 'newline') reader.at++;
}

/** Reads one expression. */
export function readExpression(reader: Reader): Expression {
  const condition = readLevel(reader, 0);
  continueLine(reader, ['?']);
  if (!accept(reader, '?')) return condition;
  const yes = readExpression(reader);
  continueLine(reader, [':']);
  expectText(reader, ':');
  return { kind: 'operation', operator: '?:', operands: [condition, yes, readExpression(reader)] };
}

function readLevel(reader: Reader, level: number): Expression {
  const operators = LEVELS[level];
  if (operators === undefined) return readUnary(reader);
  let left = readLevel(reader, level + 1);
  for (;;) {
    continueLine(
      reader,
      operators.filter((operator) => ['??', '||', '&&'].includes(operator)),
    );
    const operator = operators.find((candidate) => accept(reader, candidate));
    if (operator === undefined) return left;
    left = { kind: 'operation', operator, operands: [left, readLevel(reader, level + 1)] };
  }
}

/** An expression goes on in the next line if that begins with one of these. */
function continueLine(reader: Reader, marks: readonly string[]): void {
  let ahead = 0;
  while (peek(reader, ahead).kind === 'newline') ahead++;
  const next = peek(reader, ahead);
  if (next.kind === 'mark' && marks.includes(next.text)) reader.at += ahead;
}

function readUnary(reader: Reader): Expression {
  const operator = ['!', '-'].find((candidate) => accept(reader, candidate));
  if (operator !== undefined) return { kind: 'operation', operator, operands: [readUnary(reader)] };
  return readAccess(reader, readPrimary(reader));
}

function readAccess(reader: Reader, of: Expression): Expression {
  if (accept(reader, '.') || accept(reader, '.?')) {
    const { text: name } = takeKind(reader, 'name');
    if (!accept(reader, '(')) return readAccess(reader, { kind: 'member', of, name });
    return readAccess(reader, { kind: 'call', of, name, args: readArguments(reader) });
  }
  if (accept(reader, '[') || accept(reader, '[?')) {
    const index = readExpression(reader);
    expectText(reader, ']');
    return readAccess(reader, { kind: 'index', of, index });
  }
  if (accept(reader, '!')) return readAccess(reader, of);
  return of;
}

function readPrimary(reader: Reader): Expression {
  const token = peek(reader);
  if (accept(reader, '{')) return readObject(reader);
  if (accept(reader, '[')) return readArray(reader);
  if (accept(reader, '(')) return readParenthesis(reader);
  reader.at++;
  if (token.kind === 'string') return stringOf(token);
  if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
  if (token.kind !== 'name') throw new Error(`line ${token.line}: expression expected, not ${token.text}`);
  const { text: name, line } = token;
  if (accept(reader, '=>')) return { kind: 'lambda', locals: [name], body: readExpression(reader) };
  if (accept(reader, '(')) return { kind: 'call', name, args: readArguments(reader) };
  const literals: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };
  const value = literals[name];
  return value === undefined ? { kind: 'name', name, line } : { kind: 'literal', value };
}

function stringOf({ parts }: Extract<Token, { kind: 'string' }>): Expression {
  return {
    kind: 'string',
    parts: parts.map((part) => (typeof part === 'string' ? part : readWhole({ tokens: part, at: 0 }))),
  };
}

function readWhole(reader: Reader): Expression {
  const expression = readExpression(reader);
  takeKind(reader, 'end');
  return expression;
}

function readArguments(reader: Reader): Expression[] {
  const args: Expression[] = [];
  while (!accept(reader, ')')) {
    args.push(readExpression(reader));
    if (peek(reader).text !== ')') expectText(reader, ',');
  }
  return args;
}

function readParenthesis(reader: Reader): Expression {
  const start = reader.at;
  const locals = readLocals(reader);
  if (locals !== undefined && accept(reader, '=>')) return { kind: 'lambda', locals, body: readExpression(reader) };
  reader.at = start;
  const inner = readExpression(reader);
  expectText(reader, ')');
  return inner;
}

/** The names in parentheses, if there are only names. */
function readLocals(reader: Reader): string[] | undefined {
  const names: string[] = [];
  while (!accept(reader, ')')) {
    const token = peek(reader);
    if (token.kind !== 'name') return undefined;
    names.push(token.text);
    reader.at++;
    if (peek(reader).text !== ')' && !accept(reader, ',')) return undefined;
  }
  return names;
}

function readObject(reader: Reader): Expression {
  const properties: Property[] = [];
  for (;;) {
    separate(reader);
    if (accept(reader, '}')) return { kind: 'object', properties };
    const token = peek(reader);
    reader.at++;
    if (token.kind !== 'name' && token.kind !== 'string') throw new Error(`line ${token.line}: property expected`);
    const key: Expression = token.kind === 'string' ? stringOf(token) : { kind: 'string', parts: [token.text] };
    expectText(reader, ':');
    const value = readBody(reader);
    properties.push({ name: textOf(key), key, value });
  }
}

/** The text of a string without interpolation. */
export function textOf(expression: Expression | undefined): string | undefined {
  if (expression?.kind !== 'string') return undefined;
  const isPlain = expression.parts.every((part) => typeof part === 'string');
  return isPlain ? expression.parts.join('') : undefined;
}

function readArray(reader: Reader): Expression {
  skipNewlines(reader);
  if (accept(reader, 'for')) return readFor(reader);
  const items: Expression[] = [];
  for (;;) {
    separate(reader);
    if (accept(reader, ']')) return { kind: 'array', items };
    items.push(readExpression(reader));
  }
}

function separate(reader: Reader): void {
  while (peek(reader).kind === 'newline' || peek(reader).text === ',') reader.at++;
}

function readFor(reader: Reader): Expression {
  const locals = accept(reader, '(') ? (readLocals(reader) ?? []) : [takeKind(reader, 'name').text];
  expectText(reader, 'in');
  const over = readExpression(reader);
  expectText(reader, ':');
  skipNewlines(reader);
  const body = readBody(reader);
  skipNewlines(reader);
  expectText(reader, ']');
  return { kind: 'for', locals, over, body };
}

/** The value of a declaration, which may have a condition. */
export function readBody(reader: Reader): Expression {
  if (!accept(reader, 'if')) return readExpression(reader);
  expectText(reader, '(');
  const condition = readExpression(reader);
  expectText(reader, ')');
  return { kind: 'if', condition, body: readExpression(reader) };
}
