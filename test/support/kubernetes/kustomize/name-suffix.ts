import { createHash } from 'node:crypto';

/** Digits that could make a word of it are replaced by consonants. */
const REPLACED: Readonly<Record<string, string>> = { '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' };
const LENGTH = 10;

/** The name of a generated ConfigMap as Kustomize makes it: with a hash of what it holds. */
export function hashedName(name: string, data: Readonly<Record<string, string>>): string {
  const sorted = Object.fromEntries(Object.entries(data).sort(([one], [other]) => (one < other ? -1 : 1)));
  const text = asGoWrites(JSON.stringify({ data: sorted, kind: 'ConfigMap', name: '' }));
  const hash = createHash('sha256').update(text).digest('hex').slice(0, LENGTH);
  return `${name}-${hash.replaceAll(/[013ae]/g, (digit) => REPLACED[digit] ?? digit)}`;
}

/** Go's encoder escapes what HTML would read. */
function asGoWrites(json: string): string {
  return json.replaceAll(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
}
