import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Declaration, Decorator } from './file.ts';
import { type BicepFile, readBicep } from './file.ts';
import { type Expression, textOf } from './expression.ts';

/** A Bicep file at its place. */
export interface Template extends BicepFile {
  /** Relative to the folder that was read. */
  readonly path: string;
  readonly text: string;
}

/** Every `.bicep` and `.bicepparam` file of a folder and the folders in it, by path. */
export async function readTemplates(folder: string): Promise<ReadonlyMap<string, Template>> {
  const names = await readdir(folder, { recursive: true });
  const paths = names.filter((name) => /\.bicep(?:param)?$/.test(name)).sort();
  const templates = await Promise.all(paths.map((path) => readTemplate(folder, path)));
  return new Map(templates.map((template) => [template.path, template]));
}

async function readTemplate(folder: string, path: string): Promise<Template> {
  const text = await readFile(join(folder, path), 'utf8');
  try {
    return { path, text, ...readBicep(text) };
  } catch (error) {
    throw new Error(`${path}: ${String(error)}`, { cause: error });
  }
}

/** Declarations of one kind. */
export function declared({ declarations }: BicepFile, kind: Declaration['kind']): Declaration[] {
  return declarations.filter((declaration) => declaration.kind === kind);
}

/** The path of a module that a file names, relative to the folder that was read. */
export function pathOf(template: Template, module: Declaration): string {
  return relative('.', join(dirname(template.path), module.reference ?? ''));
}

/** A decorator of a declaration. */
export function decoratorOf({ decorators }: Declaration, name: string): Decorator | undefined {
  return decorators.find((decorator) => decorator.name === name);
}

/** The only argument of a decorator, if that is a number or a text. */
export function argumentOf(declaration: Declaration, name: string): string | number | undefined {
  return plainOf(decoratorOf(declaration, name)?.args[0]);
}

/** The value of a number or a text that is written down. */
export function plainOf(expression: Expression | undefined): string | number | undefined {
  if (expression?.kind === 'literal' && typeof expression.value === 'number') return expression.value;
  return textOf(expression);
}
