import type { Expression } from './expression.ts';

/** The expressions directly inside of one. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'string':
      return expression.parts.filter((part) => typeof part !== 'string');
    case 'literal':
    case 'name':
      return [];
    case 'call':
      return [...(expression.of === undefined ? [] : [expression.of]), ...expression.args];
    case 'member':
      return [expression.of];
    case 'index':
      return [expression.of, expression.index];
    case 'object':
      return expression.properties.flatMap(({ key, value }) => [key, value]);
    case 'array':
      return expression.items;
    case 'for':
      return [expression.over, expression.body];
    case 'if':
      return [expression.condition, expression.body];
    case 'lambda':
      return [expression.body];
    case 'operation':
      return expression.operands;
  }
}

/** An expression and all that is in it. */
export function* walk(expression: Expression | undefined): Generator<Expression> {
  if (expression === undefined) return;
  yield expression;
  for (const part of partsOf(expression)) yield* walk(part);
}

/** Names that an expression uses and does not bring along itself. */
export function* freeNames(
  expression: Expression | undefined,
  bound: readonly string[] = [],
): Generator<Extract<Expression, { kind: 'name' }>> {
  if (expression === undefined) return;
  if (expression.kind === 'name' && !bound.includes(expression.name)) yield expression;
  if (expression.kind === 'for') yield* freeNames(expression.over, bound);
  const brings = expression.kind === 'for' || expression.kind === 'lambda' ? expression.locals : [];
  const inner = expression.kind === 'for' ? [expression.body] : partsOf(expression);
  for (const part of inner) yield* freeNames(part, [...bound, ...brings]);
}

/** The object that a resource or module is declared by, inside of its loop and condition. */
export function bodyOf(expression: Expression | undefined): Extract<Expression, { kind: 'object' }> {
  if (expression?.kind === 'for' || expression?.kind === 'if') return bodyOf(expression.body);
  if (expression?.kind !== 'object') throw new Error('an object is expected');
  return expression;
}

/** The value of a property of an object. */
export function propertyOf(expression: Expression | undefined, ...path: readonly string[]): Expression | undefined {
  const [name, ...rest] = path;
  if (name === undefined || expression?.kind !== 'object') return name === undefined ? expression : undefined;
  return propertyOf(expression.properties.find((property) => property.name === name)?.value, ...rest);
}
