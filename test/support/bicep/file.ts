import {
  accept,
  type Expression,
  expectText,
  peek,
  type Reader,
  readBody,
  readExpression,
  skipNewlines,
  takeKind,
  textOf,
} from './expression.ts';
import { tokenize } from './tokens.ts';

/** `@name(arguments)` before a declaration. */
export interface Decorator {
  readonly name: string;
  readonly args: readonly Expression[];
}

/** One declaration of a Bicep file. */
export interface Declaration {
  readonly kind: 'param' | 'var' | 'resource' | 'module' | 'output' | 'metadata';
  readonly name: string;
  readonly line: number;
  readonly decorators: readonly Decorator[];
  /** Of params and outputs: `string`, `string[]`, … */
  readonly type?: string;
  /** Of resources `Microsoft.Web/sites@2025-03-01`, of modules the path. */
  readonly reference?: string;
  readonly existing?: boolean;
  readonly value?: Expression;
}

/** A Bicep or parameter file, as it is written. */
export interface BicepFile {
  readonly targetScope: string;
  /** Of a parameter file: what its parameters are for. */
  readonly using?: string;
  readonly declarations: readonly Declaration[];
}

const TYPES = ['string', 'int', 'bool', 'object', 'array'];

/** Reads a Bicep file or a parameter file; throws with the line for what it does not understand. */
export function readBicep(text: string): BicepFile {
  const reader: Reader = { tokens: tokenize(text), at: 0 };
  const declarations: Declaration[] = [];
  let targetScope = 'resourceGroup';
  let using: string | undefined;
  for (;;) {
    skipNewlines(reader);
    if (peek(reader).kind === 'end') break;
    const decorators = readDecorators(reader);
    if (accept(reader, 'targetScope')) targetScope = readScope(reader);
    else if (accept(reader, 'using')) using = takeKind(reader, 'string').text;
    else declarations.push({ ...readDeclaration(reader, using !== undefined), decorators });
    if (peek(reader).kind !== 'end') takeKind(reader, 'newline');
  }
  return { targetScope, ...(using === undefined ? {} : { using }), declarations };
}

function readDecorators(reader: Reader): Decorator[] {
  const decorators: Decorator[] = [];
  while (accept(reader, '@')) {
    const line = peek(reader).line;
    const call = readExpression(reader);
    if (call.kind !== 'call') throw new Error(`line ${line}: decorator expected`);
    decorators.push({ name: call.name, args: call.args });
    skipNewlines(reader);
  }
  return decorators;
}

function readScope(reader: Reader): string {
  expectText(reader, '=');
  return textOf(readExpression(reader)) ?? '';
}

type Undecorated = Omit<Declaration, 'decorators'>;

function readDeclaration(reader: Reader, isParameterFile: boolean): Undecorated {
  const { text: keyword, line } = takeKind(reader, 'name');
  const { text: name } = takeKind(reader, 'name');
  switch (keyword) {
    case 'metadata':
    case 'var':
      return { kind: keyword, name, line, value: readValue(reader) };
    case 'param':
      return { kind: keyword, name, line, ...(isParameterFile ? { value: readValue(reader) } : readParam(reader)) };
    case 'output':
      return { kind: keyword, name, line, type: readType(reader), value: readValue(reader) };
    case 'resource':
    case 'module': {
      const reference = takeKind(reader, 'string').text;
      const existing = accept(reader, 'existing');
      return { kind: keyword, name, line, reference, existing, value: readValue(reader) };
    }
    default:
      throw new Error(`line ${line}: ${keyword} is no declaration`);
  }
}

function readParam(reader: Reader): Pick<Declaration, 'type' | 'value'> {
  const type = readType(reader);
  return accept(reader, '=') ? { type, value: readExpression(reader) } : { type };
}

function readValue(reader: Reader): Expression {
  expectText(reader, '=');
  return readBody(reader);
}

function readType(reader: Reader): string {
  const { text, line } = takeKind(reader, 'name');
  if (!TYPES.includes(text)) throw new Error(`line ${line}: ${text} is no type`);
  if (!accept(reader, '[')) return text;
  expectText(reader, ']');
  return `${text}[]`;
}
