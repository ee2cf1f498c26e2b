import type { Expression } from './expression.ts';
import type { BicepFile } from './file.ts';

/** A value that an expression can have here. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

/** Values of parameters; where there is none, the default counts. */
export type Arguments = Readonly<Record<string, Value>>;

const HASH = 'a2b3c4d5e6f7g';

const FUNCTIONS: Readonly<Record<string, (...args: readonly Value[]) => Value>> = {
  empty: (value) => value === null || (Array.isArray(value) ? value.length === 0 : value === ''),
  min: (...values) => Math.min(...values.map(Number)),
  take: (text, length) => plain(text).slice(0, Number(length)),
  toLower: (text) => plain(text).toLowerCase(),
  // As long as the real one, and of the same characters.
  uniqueString: () => HASH,
};

function plain(value: Value): string {
  if (value !== null && typeof value === 'object') throw new Error('a text is expected');
  return `${value}`;
}

/** The value of a variable or parameter of a file; throws for what only Azure knows. */
export function evaluate(file: BicepFile, name: string, args: Arguments = {}): Value {
  const given = args[name];
  if (given !== undefined) return given;
  const found = file.declarations.find((one) => one.name === name && ['param', 'var'].includes(one.kind));
  if (found?.value === undefined) throw new Error(`${name} has no value`);
  return valueOf(found.value, { file, args });
}

interface Scope {
  readonly file: BicepFile;
  readonly args: Arguments;
}

function valueOf(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'string':
      return expression.parts.map((part) => (typeof part === 'string' ? part : plain(valueOf(part, scope)))).join('');
    case 'name':
      return evaluate(scope.file, expression.name, scope.args);
    case 'array':
      return expression.items.map((item) => valueOf(item, scope));
    case 'object':
      return Object.fromEntries(expression.properties.map(({ name = '', value }) => [name, valueOf(value, scope)]));
    case 'operation':
      return operate(expression, scope);
    case 'call':
      return call(expression, scope);
    case 'member':
    case 'index':
    case 'for':
    case 'if':
    case 'lambda':
      throw new Error(`${expression.kind} is not evaluated`);
  }
}

function operate({ operator, operands }: Extract<Expression, { kind: 'operation' }>, scope: Scope): Value {
  const [left, right, other] = operands;
  if (left === undefined) throw new Error('no operand');
  const first = valueOf(left, scope);
  if (operator === '!') return first !== true;
  if (right === undefined) throw new Error('one operand');
  if (operator === '?:' && other !== undefined) return valueOf(first === true ? right : other, scope);
  const second = valueOf(right, scope);
  if (operator === '==') return first === second;
  if (operator === '+') return Number(first) + Number(second);
  if (operator === '*') return Number(first) * Number(second);
  throw new Error(`${operator} is not evaluated`);
}

function call({ name, args }: Extract<Expression, { kind: 'call' }>, scope: Scope): Value {
  const run = FUNCTIONS[name];
  if (run === undefined) throw new Error(`${name}() is not evaluated`);
  return name === 'uniqueString' ? run() : run(...args.map((argument) => valueOf(argument, scope)));
}
