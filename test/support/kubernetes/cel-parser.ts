/** An expression of the part of CEL that the custom resource definitions use. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | bigint | boolean }
  | { readonly kind: 'self' }
  | { readonly kind: 'select'; readonly operand: Expression; readonly field: string }
  | { readonly kind: 'has'; readonly operand: Expression; readonly field: string }
  | { readonly kind: 'call'; readonly method: Method; readonly target: Expression; readonly argument: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'conditional';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    };

type Method = (typeof METHODS)[number];
type Operator = (typeof LEVELS)[number][number];

const METHODS = ['contains', 'startsWith', 'endsWith', 'matches'] as const;

/** From the weakest binding to the strongest. */
const LEVELS = [['||'], ['&&'], ['==', '!='], ['+']] as const;

const TOKEN = /\s*(r'[^']*'|'(?:[^'\\]|\\.)*'|\d+|[A-Za-z_][A-Za-z0-9_]*|\|\||&&|[=!]=|[!?:+().])/y;

/** Reads an expression; throws a SyntaxError for anything outside of the subset. */
export function parseCel(text: string): Expression {
  const reader = createReader(tokensOf(text));
  const expression = conditional(reader);
  if (reader.peek() !== undefined) throw new SyntaxError(`"${reader.peek()}" is not expected in ${text}`);
  return expression;
}

interface Reader {
  peek(): string | undefined;
  /** Goes on behind `token` when it comes next. */
  take(token: string): boolean;
  next(): string;
  expect(token: string): void;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    tokens.push(match[1]);
    at = TOKEN.lastIndex;
  }
  if (text.slice(at).trim() !== '') throw new SyntaxError(`no CEL of this subset: ${text.slice(at)}`);
  return tokens;
}

function createReader(tokens: readonly string[]): Reader {
  let at = 0;
  const reader: Reader = {
    peek: () => tokens[at],
    take(token) {
      if (tokens[at] !== token) return false;
      at += 1;
      return true;
    },
    next() {
      const token = tokens[at++];
      if (token === undefined) throw new SyntaxError('the expression ends too early');
      return token;
    },
    expect(token) {
      if (!reader.take(token)) throw new SyntaxError(`"${token}" is expected and "${tokens[at]}" comes`);
    },
  };
  return reader;
}

function conditional(reader: Reader): Expression {
  const condition = binary(reader, 0);
  if (!reader.take('?')) return condition;
  const yes = binary(reader, 0);
  reader.expect(':');
  return { kind: 'conditional', condition, yes, no: conditional(reader) };
}

function binary(reader: Reader, level: number): Expression {
  const operators: readonly Operator[] | undefined = LEVELS[level];
  if (operators === undefined) return unary(reader);
  let left = binary(reader, level + 1);
  for (;;) {
    const operator = operators.find((each) => reader.take(each));
    if (operator === undefined) return left;
    left = { kind: 'binary', operator, left, right: binary(reader, level + 1) };
  }
}

function unary(reader: Reader): Expression {
  return reader.take('!') ? { kind: 'not', operand: unary(reader) } : member(reader);
}

function member(reader: Reader): Expression {
  let operand = primary(reader);
  while (reader.take('.')) {
    const name = reader.next();
    if (!/^[A-Za-z_]/.test(name)) throw new SyntaxError(`"${name}" is no field`);
    if (reader.take('(')) {
      const method = METHODS.find((each) => each === name);
      if (method === undefined) throw new SyntaxError(`the method ${name} is not in the subset`);
      operand = { kind: 'call', method, target: operand, argument: conditional(reader) };
      reader.expect(')');
    } else {
      operand = { kind: 'select', operand, field: name };
    }
  }
  return operand;
}

function primary(reader: Reader): Expression {
  if (reader.take('(')) {
    const inner = conditional(reader);
    reader.expect(')');
    return inner;
  }
  const token = reader.next();
  if (token === 'self') return { kind: 'self' };
  if (token === 'has') return presence(reader);
  if (token === 'true' || token === 'false') return { kind: 'literal', value: token === 'true' };
  if (/^\d/.test(token)) return { kind: 'literal', value: BigInt(token) };
  if (token.startsWith("r'")) return { kind: 'literal', value: token.slice(2, -1) };
  if (token.startsWith("'")) return { kind: 'literal', value: unescaped(token.slice(1, -1)) };
  throw new SyntaxError(`"${token}" is not in the subset`);
}

function presence(reader: Reader): Expression {
  reader.expect('(');
  const operand = member(reader);
  reader.expect(')');
  if (operand.kind !== 'select') throw new SyntaxError('has() asks for a field');
  return { ...operand, kind: 'has' };
}

function unescaped(text: string): string {
  if (/\\[^\\']/.test(text)) throw new SyntaxError(`only \\\\ and \\' are in the subset: ${text}`);
  return text.replaceAll(/\\(.)/g, '$1');
}
