import { stringify } from 'yaml';

/** A value of a template: a bigint is Go's int, a number its float64 (all numbers of values are), undefined and null are nil. */
export type Value = unknown;
/** A map; templates may change it. */
export type Dict = Record<string, Value>;

/** Whether a condition takes a value for true. */
export function isTrue(value: Value): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0 || value === 0n)
    return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Whether a value is a map. */
export function isDict(value: Value): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as it is printed. Throws a TypeError where nil, a map, a list or a large float would come out unreadable. */
export function printed(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  throw new TypeError(`not to be printed: ${typeof value} ${JSON.stringify(value)}`);
}

/** JSON as Go writes it: keys sorted, `<`, `>` and `&` escaped. */
export function goJson(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`;
  if (isDict(value)) {
    const fields = Object.keys(value).sort();
    return `{${fields.map((name) => `${goJson(name)}:${goJson(value[name])}`).join(',')}}`;
  }
  if (typeof value === 'bigint') return String(value);
  const text = JSON.stringify(value ?? null);
  return text.replaceAll(/[<>&\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** YAML with the layout that Helm writes. */
export function goYaml(value: Value): string {
  const plain: unknown = JSON.parse(goJson(value));
  return stringify(plain, {
    compat: 'yaml-1.1',
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  }).trimEnd();
}
