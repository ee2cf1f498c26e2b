import { scan, type Token } from './scan.ts';

/** A part of a template. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: Pipeline; readonly line: number }
  | { readonly kind: 'if' | 'with'; readonly pipeline: Pipeline; readonly line: number; readonly branches: Branches }
  | {
      readonly kind: 'range';
      readonly names: readonly string[];
      readonly pipeline: Pipeline;
      readonly line: number;
      readonly branches: Branches;
    };

interface Branches {
  readonly body: readonly Node[];
  readonly otherwise: readonly Node[];
}

/** Commands, each given the result of the one before as its last argument. */
export interface Pipeline {
  readonly variable?: { readonly name: string; readonly isNew: boolean };
  readonly commands: readonly (readonly Operand[])[];
}

/** A value in a command; `fields` are looked up in it. */
export type Operand =
  | { readonly kind: 'literal'; readonly value: string | bigint | boolean | null }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'dot'; readonly fields: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly fields: readonly string[] };

/** A file of templates. */
export interface Template {
  readonly body: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}

const CONSTANTS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['nil', null],
]);
const REFUSED = new Set(['block', 'break', 'continue', 'template']);

/** Reads the part of the language that the chart uses; a SyntaxError says what is beyond it. */
export function parseTemplate(source: string): Template {
  const pieces = scan(source);
  const defined = new Map<string, readonly Node[]>();
  let at = 0;

  function block(): { nodes: Node[]; end: readonly Token[] } {
    const nodes: Node[] = [];
    for (;;) {
      const piece = pieces[at];
      if (piece === undefined) break;
      at += 1;
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const word = piece.tokens[0]?.text;
      if (word === 'end' || word === 'else') return { nodes, end: piece.tokens };
      const node = action(piece.tokens, piece.line);
      if (node !== undefined) nodes.push(node);
    }
    return { nodes, end: [] };
  }

  function action(tokens: readonly Token[], line: number): Node | undefined {
    const [first, ...rest] = tokens;
    if (first === undefined || REFUSED.has(first.text))
      throw new SyntaxError(`line ${line}: ${first?.text ?? 'empty'}`);
    if (first.kind === 'word') {
      switch (first.text) {
        case 'define':
          defined.set(textOf(rest[0], line), closed(line));
          return undefined;
        case 'if':
        case 'with':
          return { kind: first.text, pipeline: pipelineOf(rest, line), line, branches: branches(line) };
        case 'range':
          return { kind: 'range', ...rangeOf(rest, line), line, branches: branches(line) };
      }
    }
    return { kind: 'print', pipeline: pipelineOf(tokens, line), line };
  }

  function closed(line: number): readonly Node[] {
    const { nodes, end } = block();
    if (end[0]?.text !== 'end') throw new SyntaxError(`line ${line}: a block does not end`);
    return nodes;
  }

  function branches(line: number): Branches {
    const { nodes: body, end } = block();
    const [word, ...condition] = end;
    if (word?.text === 'end') return { body, otherwise: [] };
    if (word?.text !== 'else') throw new SyntaxError(`line ${line}: a block does not end`);
    if (condition.length === 0) return { body, otherwise: closed(line) };
    const inner = action(condition, line);
    return { body, otherwise: inner === undefined ? [] : [inner] };
  }

  const { nodes, end } = block();
  if (end.length > 0) throw new SyntaxError(`${end[0]?.text} without a block`);
  return { body: nodes, defined };
}

function textOf(token: Token | undefined, line: number): string {
  if (token?.kind !== 'string') throw new SyntaxError(`line ${line}: a text is missing`);
  return token.text.startsWith('`') ? token.text.slice(1, -1) : (JSON.parse(token.text) as string);
}

function rangeOf(tokens: readonly Token[], line: number): { names: string[]; pipeline: Pipeline } {
  const mark = tokens.findIndex(({ text }) => text === ':=');
  const names = tokens.slice(0, Math.max(mark, 0)).filter(({ text }) => text !== ',');
  return { names: names.map(({ text }) => text.slice(1)), pipeline: pipelineOf(tokens.slice(mark + 1), line) };
}

function pipelineOf(tokens: readonly Token[], line: number): Pipeline {
  const [name, mark] = tokens;
  const sets = mark?.text === ':=' || mark?.text === '=';
  const reader = new Reader(sets ? tokens.slice(2) : tokens, line);
  const commands = reader.commands();
  reader.finish();
  if (!sets) return { commands };
  return { variable: { name: name?.text.slice(1) ?? '', isNew: mark.text === ':=' }, commands };
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #line: number;
  #at = 0;

  constructor(tokens: readonly Token[], line: number) {
    this.#tokens = tokens;
    this.#line = line;
  }

  commands(): Operand[][] {
    const commands: Operand[][] = [[]];
    for (let token = this.#peek(); token !== undefined && token.text !== ')'; token = this.#peek()) {
      this.#at += 1;
      if (token.kind === 'mark' && token.text === '|') commands.push([]);
      else commands.at(-1)?.push(this.#operand(token));
    }
    if (commands.some((command) => command.length === 0)) throw this.#fault('a command is empty');
    return commands;
  }

  finish(): void {
    if (this.#at < this.#tokens.length) throw this.#fault('there is more than a pipeline');
  }

  #operand(token: Token): Operand {
    switch (token.kind) {
      case 'string':
        return { kind: 'literal', value: textOf(token, this.#line) };
      case 'number':
        return { kind: 'literal', value: BigInt(token.text) };
      case 'word': {
        const constant = CONSTANTS.get(token.text);
        return constant === undefined ? { kind: 'function', name: token.text } : { kind: 'literal', value: constant };
      }
      case 'chain': {
        const [head = '', ...fields] = token.text.split('.');
        const own = fields.filter((field) => field !== '');
        return head === '' ? { kind: 'dot', fields: own } : { kind: 'variable', name: head.slice(1), fields: own };
      }
      case 'mark':
        return this.#parenthesised(token);
    }
  }

  #parenthesised({ text }: Token): Operand {
    if (text !== '(') throw this.#fault(`unexpected ${text}`);
    const pipeline = { commands: this.commands() };
    if (this.#peek()?.text !== ')') throw this.#fault('a parenthesis does not end');
    this.#at += 1;
    const next = this.#peek();
    if (next?.kind !== 'chain' || !next.touches) return { kind: 'pipeline', pipeline, fields: [] };
    this.#at += 1;
    return { kind: 'pipeline', pipeline, fields: next.text.split('.').slice(1) };
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #fault(what: string): SyntaxError {
    return new SyntaxError(`line ${this.#line}: ${what}`);
  }
}
