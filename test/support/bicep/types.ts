import type { Expression } from './expression.ts';
import { declared, pathOf, type Template } from './template.ts';

const FUNCTIONS: Readonly<Record<string, string>> = {
  array: 'array',
  bool: 'bool',
  cidrSubnet: 'string',
  concat: '',
  contains: 'bool',
  deployment: 'object',
  empty: 'bool',
  environment: 'object',
  flatten: 'array',
  guid: 'string',
  int: 'int',
  items: 'array',
  json: '',
  map: 'array',
  min: 'int',
  objectKeys: 'array',
  readEnvironmentVariable: 'string',
  resourceGroup: 'object',
  string: 'string',
  subscription: 'object',
  subscriptionResourceId: 'string',
  take: '',
  tenant: 'object',
  toLower: 'string',
  union: '',
  uniqueString: 'string',
};

/** Functions of Bicep that the files may call. */
export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS);

/** What the types of names are looked up in. */
export interface TypeScope {
  readonly template: Template;
  readonly templates: ReadonlyMap<string, Template>;
}

/** The type of an expression: `string`, `array`, …; undefined where these files do not say it. */
export function typeOf(expression: Expression, scope: TypeScope): string | undefined {
  switch (expression.kind) {
    case 'string':
      return 'string';
    case 'literal':
      return expression.value === null ? undefined : expression.value === +expression.value ? 'int' : 'bool';
    case 'object':
      return 'object';
    case 'array':
    case 'for':
      return 'array';
    case 'operation':
      return typeOfOperation(expression, scope);
    case 'call':
      return typeOfCall(expression, scope);
    case 'name':
      return typeOfName(expression.name, scope);
    case 'member':
      return typeOfMember(expression, scope);
    case 'index':
    case 'if':
    case 'lambda':
      return undefined;
  }
}

function typeOfOperation(
  { operator, operands }: Extract<Expression, { kind: 'operation' }>,
  scope: TypeScope,
): string | undefined {
  if (['+', '-', '*', '/', '%'].includes(operator)) return 'int';
  if (operator !== '?:' && operator !== '??') return 'bool';
  const types = new Set(operands.slice(operator === '?:' ? 1 : 0).map((operand) => typeOf(operand, scope)));
  types.delete(undefined);
  const [first] = types;
  return types.size === 1 ? first : undefined;
}

function typeOfCall({ of, name, args }: Extract<Expression, { kind: 'call' }>, scope: TypeScope): string | undefined {
  if (of !== undefined) return undefined;
  // These give back what they are given.
  const [first] = args;
  if (['union', 'concat', 'take'].includes(name) && first !== undefined) return typeOf(first, scope);
  return FUNCTIONS[name] === '' ? undefined : FUNCTIONS[name];
}

function typeOfName(name: string, scope: TypeScope): string | undefined {
  const found = scope.template.declarations.find((one) => one.name === name);
  if (found?.kind === 'param') return found.type?.endsWith('[]') ? 'array' : found.type;
  return found?.kind === 'var' && found.value !== undefined ? typeOf(found.value, scope) : undefined;
}

function typeOfMember({ of, name }: Extract<Expression, { kind: 'member' }>, scope: TypeScope): string | undefined {
  if (of.kind === 'member' && of.name === 'outputs' && of.of.kind === 'name') {
    const output = outputOf(of.of.name, name, scope);
    return output?.type?.endsWith('[]') ? 'array' : output?.type;
  }
  if (of.kind !== 'name') return undefined;
  const found = scope.template.declarations.find((one) => one.name === of.name);
  return found?.kind === 'resource' && ['id', 'name'].includes(name) ? 'string' : undefined;
}

/** The output of a module, by the names of both; undefined where there is none. */
export function outputOf(module: string, output: string, { template, templates }: TypeScope) {
  const found = declared(template, 'module').find(({ name }) => name === module);
  const target = found === undefined ? undefined : templates.get(pathOf(template, found));
  return target === undefined ? undefined : declared(target, 'output').find(({ name }) => name === output);
}
