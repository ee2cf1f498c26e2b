import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import { type Dict, goJson, goYaml, isDict, isTrue, printed, type Value } from './value.ts';

/** A function of templates; what is not checked here, Helm is lenient about. */
type TemplateFunction = (...values: Value[]) => Value;

/** Those of text/template, sprig and Helm that the chart uses, and no other. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  append: (list, item) => [...listOf(list), item],
  compact: (list) => listOf(list).filter(isTrue),
  concat: (...lists) => lists.flatMap(listOf),
  contains: (part, text) => textOf(text).includes(textOf(part)),
  default: (fallback, value) => (isTrue(value) ? value : fallback),
  dict: (...pairs) => Object.fromEntries(pairsOf(pairs)),
  eq: (left, right) => isEqual(left, right),
  fail: (message) => {
    throw new Error(textOf(message));
  },
  fromJson: (text) => dictOf(JSON.parse(textOf(text))),
  fromJsonArray: (text) => listOf(JSON.parse(textOf(text))),
  fromYaml: (text) => yamlOf(textOf(text)),
  gt: (left, right) => intOf(left) > intOf(right),
  hasKey: (dict, name) => Object.hasOwn(dictOf(dict), textOf(name)),
  hasPrefix: (prefix, text) => textOf(text).startsWith(textOf(prefix)),
  index: (dict, name) => dictOf(dict)[textOf(name)],
  int: (value) => BigInt(Math.trunc(Number(value))),
  kindIs: (kind, value) => kind === (Array.isArray(value) ? 'slice' : isDict(value) ? 'map' : typeof value),
  list: (...items) => items,
  ne: (left, right) => !isEqual(left, right),
  nindent: (count, text) => `\n${textOf(text).replaceAll(/^/gm, ' '.repeat(Number(intOf(count))))}`,
  not: (value) => !isTrue(value),
  printf: (format, ...values) => formatted(textOf(format), values),
  quote: (value) => goJson(printed(value)),
  replace: (part, by, text) => textOf(text).replaceAll(textOf(part), textOf(by)),
  required: (message, value) => {
    if (value === undefined || value === null || value === '') throw new Error(textOf(message));
    return value;
  },
  set: (dict, name, value) => Object.assign(dictOf(dict), { [textOf(name)]: value }),
  sha256sum: (text) => createHash('sha256').update(textOf(text)).digest('hex'),
  sortAlpha: (list) => listOf(list).map(textOf).sort(),
  ternary: (yes, no, condition) => (condition === true ? yes : no),
  toJson: goJson,
  toString: (value: Value) => (value === undefined || value === null ? '' : printed(value)),
  toYaml: goYaml,
  trim: (text) => textOf(text).trim(),
  trimSuffix: (suffix, text) =>
    textOf(text).endsWith(textOf(suffix)) ? textOf(text).slice(0, -textOf(suffix).length) : text,
  trunc: (count, text) => textOf(text).slice(0, Number(intOf(count))),
  uniq: (list) => [...new Set(listOf(list))],
  without: (list, item) => listOf(list).filter((other) => other !== item),
};

function textOf(value: Value): string {
  if (typeof value !== 'string') throw new TypeError(`a text was expected: ${goJson(value)}`);
  return value;
}

function intOf(value: Value): bigint {
  if (typeof value !== 'bigint') throw new TypeError(`an int was expected: ${goJson(value)}`);
  return value;
}

function listOf(value: Value): readonly Value[] {
  if (!Array.isArray(value)) throw new TypeError(`a list was expected: ${goJson(value)}`);
  return value;
}

function dictOf(value: Value): Dict {
  if (!isDict(value)) throw new TypeError(`a map was expected: ${goJson(value)}`);
  return value;
}

function* pairsOf(values: readonly Value[]): Iterable<[string, Value]> {
  for (let index = 0; index < values.length; index += 2) yield [textOf(values[index]), values[index + 1]];
}

function isEqual(left: Value, right: Value): boolean {
  if (typeof left !== typeof right) throw new TypeError(`incompatible types: ${typeof left} and ${typeof right}`);
  return left === right;
}

/** What cannot be read becomes a map with the reason, as in Helm. */
function yamlOf(text: string): Dict {
  try {
    return dictOf(parse(text, { version: '1.1' }) ?? {});
  } catch (error) {
    return { Error: (error as Error).message };
  }
}

function formatted(format: string, values: readonly Value[]): string {
  const rest = [...values];
  return format.replaceAll(/%(.)/g, (_, verb: string) => {
    if (verb !== 's') throw new SyntaxError(`%${verb} is not known`);
    return textOf(rest.shift());
  });
}
