import { type Expression, parseCel } from './cel-parser.ts';

/**
 * Evaluates an expression. Throws where CEL has an error: a field that is not there, or operands of wrong types. CEL forgives an
 * error on one side of && and || when the other side decides; this does not when it is the left one.
 */
export function evaluateCel(text: string, self: unknown): unknown {
  return valueOf(parsed(text), self);
}

const known = new Map<string, Expression>();

function parsed(text: string): Expression {
  const expression = known.get(text) ?? parseCel(text);
  known.set(text, expression);
  return expression;
}

function valueOf(expression: Expression, self: unknown): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'self':
      return self;
    case 'has':
      return Object.hasOwn(mapOf(valueOf(expression.operand, self)), expression.field);
    case 'select': {
      const map = mapOf(valueOf(expression.operand, self));
      if (!Object.hasOwn(map, expression.field)) throw new TypeError(`no such key: ${expression.field}`);
      return map[expression.field];
    }
    case 'not':
      return !truthOf(valueOf(expression.operand, self));
    case 'conditional':
      return valueOf(truthOf(valueOf(expression.condition, self)) ? expression.yes : expression.no, self);
    case 'call':
      return called(
        expression.method,
        textOf(valueOf(expression.target, self)),
        textOf(valueOf(expression.argument, self)),
      );
    case 'binary':
      return combined(expression, self);
  }
}

function combined({ operator, left, right }: Expression & { kind: 'binary' }, self: unknown): unknown {
  const first = valueOf(left, self);
  if (operator === '&&') return truthOf(first) && truthOf(valueOf(right, self));
  if (operator === '||') return truthOf(first) || truthOf(valueOf(right, self));
  const second = valueOf(right, self);
  if (typeof first !== typeof second) throw new TypeError('the operands differ in type');
  if (operator === '==') return first === second;
  if (operator === '!=') return first !== second;
  if (typeof first !== 'bigint' || typeof second !== 'bigint') throw new TypeError('only integers are added here');
  return first + second;
}

function called(method: (Expression & { kind: 'call' })['method'], target: string, argument: string): boolean {
  switch (method) {
    case 'contains':
      return target.includes(argument);
    case 'startsWith':
      return target.startsWith(argument);
    case 'endsWith':
      return target.endsWith(argument);
    case 'matches':
      return new RegExp(argument, 'u').test(target);
  }
}

function mapOf(value: unknown): Record<string, unknown> {
  if (value === null || typeof value !== 'object') throw new TypeError('fields are asked of an object only');
  return value as Record<string, unknown>;
}

function truthOf(value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError('true or false is expected');
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('a string is expected');
  return value;
}
