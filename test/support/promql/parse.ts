import {
  AGGREGATIONS,
  type Aggregation,
  type BinaryOperator,
  COMPARISONS,
  type Expression,
  type FunctionName,
  type Matcher,
  type Matching,
  RANGE_FUNCTIONS,
  VECTOR_FUNCTIONS,
} from './expression.ts';
import { secondsOf, type Token, tokensOf } from './tokens.ts';

/** From what binds least to what binds most; all of them from left to right. */
const PRECEDENCE: readonly (readonly BinaryOperator[])[] = [
  ['or'],
  ['and', 'unless'],
  COMPARISONS,
  ['+', '-'],
  ['*', '/'],
];
const RANGED: readonly string[] = RANGE_FUNCTIONS;
const FUNCTIONS: readonly string[] = [...RANGE_FUNCTIONS, ...VECTOR_FUNCTIONS];
const AGGREGATING: readonly string[] = AGGREGATIONS;
const MATCHES: readonly string[] = ['=', '!=', '=~', '!~'];

/** Reads an expression; throws on what is not in the part of PromQL that is used here. */
export function parsePromql(text: string): Expression {
  const reader = createReader(tokensOf(text));
  const expression = readBinary(reader, 0);
  if (reader.peek() !== undefined) throw new Error(`${text}: ${reader.peek()} is too much`);
  return expression;
}

interface Reader {
  readonly peek: () => string | undefined;
  readonly take: (kind?: Token['kind']) => string;
  readonly expect: (text: string) => void;
  /** Takes the token when it is this one. */
  readonly skip: (text: string) => boolean;
}

function createReader(tokens: readonly Token[]): Reader {
  let at = 0;
  const reader: Reader = {
    peek: () => tokens[at]?.text,
    take(kind) {
      const token = tokens[at++];
      if (token === undefined) throw new Error('the expression ends too early');
      if (kind !== undefined && token.kind !== kind) throw new Error(`${token.text} is no ${kind}`);
      return token.text;
    },
    expect(text) {
      const found = reader.take();
      if (found !== text) throw new Error(`${found} instead of ${text}`);
    },
    skip(text) {
      if (tokens[at]?.text !== text) return false;
      at++;
      return true;
    },
  };
  return reader;
}

function readBinary(reader: Reader, level: number): Expression {
  const operators = PRECEDENCE[level];
  if (operators === undefined) return readOperand(reader);
  let left = readBinary(reader, level + 1);
  for (;;) {
    const op = operators.find((one) => one === reader.peek());
    if (op === undefined) return left;
    reader.take();
    const matching = readMatching(reader);
    const right = readBinary(reader, level + 1);
    left = { kind: 'binary', op, left, right, ...(matching && { matching }) };
  }
}

function readMatching(reader: Reader): Matching | undefined {
  if (!reader.skip('on')) return undefined;
  const on = readNames(reader);
  return reader.skip('group_left') ? { on, groupLeft: readNames(reader) } : { on };
}

function readNames(reader: Reader): string[] {
  return readList(reader, ')', () => reader.take('name'), '(');
}

function readList<T>(reader: Reader, end: string, item: () => T, begin: string): T[] {
  reader.expect(begin);
  const items: T[] = [];
  while (!reader.skip(end)) {
    if (items.length > 0) reader.expect(',');
    items.push(item());
  }
  return items;
}

function readOperand(reader: Reader): Expression {
  if (reader.skip('(')) {
    const inner = readBinary(reader, 0);
    reader.expect(')');
    return inner;
  }
  if (/^\d/.test(reader.peek() ?? '')) return { kind: 'number', value: Number(reader.take('number')) };
  const name = reader.take('name');
  if (AGGREGATING.includes(name)) return readAggregate(reader, name as Aggregation);
  if (reader.peek() === '(') return readCall(reader, name);
  return readSelector(reader, name);
}

function readAggregate(reader: Reader, op: Aggregation): Expression {
  const by = reader.skip('by') ? readNames(reader) : [];
  reader.expect('(');
  const of = readBinary(reader, 0);
  reader.expect(')');
  return { kind: 'aggregate', op, by, of };
}

function readCall(reader: Reader, name: string): Expression {
  if (!FUNCTIONS.includes(name)) throw new Error(`${name} is no function that is used here`);
  const args = readList(reader, ')', () => readBinary(reader, 0), '(');
  for (const arg of args) {
    const isRange = arg.kind === 'selector' && arg.rangeSeconds !== undefined;
    if (isRange !== RANGED.includes(name)) throw new Error(`${name} gets the wrong kind of vector`);
  }
  return { kind: 'call', name: name as FunctionName, args };
}

function readSelector(reader: Reader, metric: string): Expression {
  const matchers = reader.peek() === '{' ? readList(reader, '}', () => readMatcher(reader), '{') : [];
  if (!reader.skip('[')) return { kind: 'selector', metric, matchers };
  const rangeSeconds = secondsOf(reader.take('duration'));
  reader.expect(']');
  return { kind: 'selector', metric, matchers, rangeSeconds };
}

function readMatcher(reader: Reader): Matcher {
  const label = reader.take('name');
  const op = reader.take('sign');
  if (!MATCHES.includes(op)) throw new Error(`${op} compares no label`);
  return { label, op: op as Matcher['op'], value: reader.take('string') };
}
