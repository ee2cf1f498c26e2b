import { FUNCTIONS } from './functions.ts';
import type { Node, Operand, Pipeline } from './parse.ts';
import { isDict, isTrue, printed, type Value } from './value.ts';

/** Templates by the name they are included by. */
export type Templates = ReadonlyMap<string, readonly Node[]>;

/** What an action sees. */
interface Scene {
  readonly templates: Templates;
  readonly dot: Value;
  readonly variables: Variables;
}

/** Variables of a block and of those around it. */
interface Variables {
  readonly own: Map<string, Value>;
  readonly outer?: Variables;
}

/** What nodes print for the data. Throws where Helm would, and where it would print nil or a map. */
export function execute(templates: Templates, nodes: readonly Node[], data: Value): string {
  return run(nodes, { templates, dot: data, variables: { own: new Map([['', data]]) } });
}

function run(nodes: readonly Node[], scene: Scene): string {
  return nodes.map((node) => (node.kind === 'text' ? node.text : located(node, scene))).join('');
}

function located(node: Exclude<Node, { kind: 'text' }>, scene: Scene): string {
  try {
    return runAction(node, scene);
  } catch (error) {
    throw new Error(`line ${node.line}: ${(error as Error).message}`, { cause: error });
  }
}

function runAction(node: Exclude<Node, { kind: 'text' }>, scene: Scene): string {
  if (node.kind === 'print') {
    const value = valueOf(node.pipeline, scene);
    return node.pipeline.variable === undefined ? printed(value) : '';
  }
  const inner = { ...scene, variables: { own: new Map<string, Value>(), outer: scene.variables } };
  const value = valueOf(node.pipeline, inner);
  const { body, otherwise } = node.branches;
  if (!isTrue(value)) return run(otherwise, inner);
  switch (node.kind) {
    case 'if':
      return run(body, inner);
    case 'with':
      return run(body, { ...inner, dot: value });
    case 'range':
      return entriesOf(value)
        .map(([key, item]) =>
          run(body, { ...scene, dot: item, variables: loopVariables(node.names, [key, item], scene) }),
        )
        .join('');
  }
}

function entriesOf(value: Value): [Value, Value][] {
  if (Array.isArray(value)) return value.map((item, index) => [BigInt(index), item]);
  if (!isDict(value)) throw new TypeError('range over neither a list nor a map');
  return Object.keys(value)
    .sort()
    .map((name) => [name, value[name]]);
}

function loopVariables(names: readonly string[], [key, item]: [Value, Value], { variables }: Scene): Variables {
  const [first = '', second] = names;
  const own = second === undefined ? [[first, item] as const] : [[first, key] as const, [second, item] as const];
  return { own: new Map(names.length === 0 ? [] : own), outer: variables };
}

function valueOf({ variable, commands }: Pipeline, scene: Scene): Value {
  let value: Value;
  for (const [index, command] of commands.entries()) value = call(command, index === 0 ? [] : [value], scene);
  if (variable === undefined) return value;
  const home = variable.isNew ? scene.variables : holderOf(variable.name, scene.variables);
  home.own.set(variable.name, value);
  return value;
}

function holderOf(name: string, variables: Variables): Variables {
  if (variables.own.has(name)) return variables;
  if (variables.outer === undefined) throw new ReferenceError(`$${name} is not declared`);
  return holderOf(name, variables.outer);
}

function call([head, ...operands]: readonly Operand[], piped: readonly Value[], scene: Scene): Value {
  if (head === undefined) throw new TypeError('an empty command');
  if (head.kind === 'function') return callFunction(head.name, operands, piped, scene);
  const value = operandOf(head, scene);
  const values = [...operands.map((operand) => operandOf(operand, scene)), ...piped];
  if (typeof value === 'function') return (value as (...values: Value[]) => Value)(...values);
  if (values.length > 0) throw new TypeError('arguments for what is no function');
  return value;
}

function callFunction(name: string, operands: readonly Operand[], piped: readonly Value[], scene: Scene): Value {
  if (name === 'and' || name === 'or') return firstDecisive(name === 'or', operands, scene);
  const values = [...operands.map((operand) => operandOf(operand, scene)), ...piped];
  if (name === 'include') return include(scene.templates, values);
  const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (known === undefined) throw new ReferenceError(`function ${name} is not known`);
  return known(...values);
}

function firstDecisive(wanted: boolean, operands: readonly Operand[], scene: Scene): Value {
  let value: Value;
  for (const operand of operands) {
    value = operandOf(operand, scene);
    if (isTrue(value) === wanted) return value;
  }
  return value;
}

function include(templates: Templates, [name, data]: readonly Value[]): string {
  const nodes = templates.get(String(name));
  if (nodes === undefined) throw new ReferenceError(`template ${String(name)} is not defined`);
  return execute(templates, nodes, data);
}

function operandOf(operand: Operand, scene: Scene): Value {
  switch (operand.kind) {
    case 'literal':
      return operand.value;
    case 'dot':
      return fieldOf(scene.dot, operand.fields);
    case 'variable':
      return fieldOf(holderOf(operand.name, scene.variables).own.get(operand.name), operand.fields);
    case 'pipeline':
      return fieldOf(valueOf(operand.pipeline, scene), operand.fields);
    case 'function':
      return callFunction(operand.name, [], [], scene);
  }
}

/** A field that a map does not have is nil; a field of nil is an error. */
function fieldOf(value: Value, fields: readonly string[]): Value {
  return fields.reduce<Value>((outer, field) => {
    if (!isDict(outer)) throw new TypeError(`nil pointer evaluating .${field}`);
    return Object.hasOwn(outer, field) ? outer[field] : undefined;
  }, value);
}
