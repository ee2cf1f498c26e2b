import type { ClientAttributes } from './attributes.ts';

/** Whether a client of this name and these attributes belongs to a client group. */
export type ClientQuery = (name: string, attributes: ClientAttributes) => boolean;

type Literal = string | number;
type Operand = (name: string, attributes: ClientAttributes) => readonly Literal[];

/** The rest of a query, read from the left. */
interface Tokens {
  /** The next one, an empty text at the end. */
  peek(): string;
  take(): string;
}

const TOKEN = /\s*("[^"]*"|'[^']*'|<=|>=|<>|!=|[=<>()[\],]|[A-Za-z0-9_.-]+)/y;

function tokensOf(query: string): Tokens {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  const end = query.trimEnd().length;
  for (let at = 0; at < end; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(query)?.[1];
    if (token === undefined) throw new SyntaxError(`cannot be read from "${query.slice(at).trim()}" on`);
    tokens.push(token);
  }
  return { peek: () => tokens[0] ?? '', take: () => tokens.shift() ?? '' };
}

function isWord(token: string, word: string): boolean {
  return token.toLowerCase() === word;
}

function expect(tokens: Tokens, wanted: string): void {
  const token = tokens.take();
  if (token !== wanted) throw new SyntaxError(`has "${token}" where "${wanted}" is expected`);
}

function readLiteral(tokens: Tokens): Literal {
  const token = tokens.take();
  if (/^["']/.test(token)) return token.slice(1, -1);
  if (/^-?\d+$/.test(token)) return Number(token);
  throw new SyntaxError(`has "${token}" where a quoted text or a whole number is expected`);
}

function readList(tokens: Tokens): readonly Literal[] {
  expect(tokens, '[');
  const literals = [readLiteral(tokens)];
  while (tokens.peek() === ',') {
    tokens.take();
    literals.push(readLiteral(tokens));
  }
  expect(tokens, ']');
  return literals;
}

function readOperand(tokens: Tokens): Operand {
  const token = tokens.take();
  if (token === 'authenticationName') return (name) => [name];
  const attribute = /^attributes\.([A-Za-z0-9_-]+)$/.exec(token)?.[1];
  if (attribute === undefined) {
    throw new SyntaxError(`has "${token}" where authenticationName or attributes.NAME is expected`);
  }
  return (_name, attributes) => {
    const value = attributes[attribute];
    if (value === undefined) return [];
    return typeof value === 'string' || typeof value === 'number' ? [value] : value;
  };
}

const ORDERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

function readOrder(tokens: Tokens, operand: Operand, order: (a: number, b: number) => boolean): ClientQuery {
  const literal = readLiteral(tokens);
  if (typeof literal !== 'number') throw new SyntaxError(`compares with "${literal}", but only numbers have an order`);
  return (name, attributes) =>
    operand(name, attributes).some((value) => typeof value === 'number' && order(value, literal));
}

function readComparison(tokens: Tokens): ClientQuery {
  const operand = readOperand(tokens);
  const operator = tokens.take();
  const order = ORDERS[operator];
  if (order !== undefined) return readOrder(tokens, operand, order);
  if (operator === '=' || isWord(operator, 'in')) {
    const wanted = operator === '=' ? [readLiteral(tokens)] : readList(tokens);
    return (name, attributes) => operand(name, attributes).some((value) => wanted.includes(value));
  }
  if (operator !== '!=' && operator !== '<>') throw new SyntaxError(`has "${operator}" where an operator is expected`);
  const unwanted = readLiteral(tokens);
  return (name, attributes) => {
    const values = operand(name, attributes);
    // A client without the attribute fits no comparison with it.
    return values.length > 0 && !values.includes(unwanted);
  };
}

function readPrimary(tokens: Tokens): ClientQuery {
  if (tokens.peek() !== '(') return readComparison(tokens);
  tokens.take();
  const inner = readOr(tokens);
  expect(tokens, ')');
  return inner;
}

function readAnd(tokens: Tokens): ClientQuery {
  const parts = [readPrimary(tokens)];
  while (isWord(tokens.peek(), 'and')) {
    tokens.take();
    parts.push(readPrimary(tokens));
  }
  return (name, attributes) => parts.every((part) => part(name, attributes));
}

function readOr(tokens: Tokens): ClientQuery {
  const parts = [readAnd(tokens)];
  while (isWord(tokens.peek(), 'or')) {
    tokens.take();
    parts.push(readAnd(tokens));
  }
  return (name, attributes) => parts.some((part) => part(name, attributes));
}

/**
 * Reads the query of a client group: comparisons of `authenticationName` or `attributes.NAME` by = != <> < > <= >= or
 * IN […], joined by and, or and parentheses. A list fits when one of its values does. Throws SyntaxError.
 */
export function compileClientQuery(query: string): ClientQuery {
  const tokens = tokensOf(query);
  const compiled = readOr(tokens);
  if (tokens.peek() !== '') throw new SyntaxError(`goes on with "${tokens.peek()}" where it should end`);
  return compiled;
}

/** What is wrong with a query, or undefined. */
export function clientQueryFault(query: string): string | undefined {
  try {
    compileClientQuery(query);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
