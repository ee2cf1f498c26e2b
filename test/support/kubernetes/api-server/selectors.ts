import type { KubeObject } from './object.ts';
import { badRequest } from './status.ts';

/** Whether an object is wanted. */
export type Selector = (object: KubeObject) => boolean;

const EXPRESSION = /^(!?)([\w./-]+)\s*(?:(==|=|!=)\s*([\w.-]*)|\s(in|notin)\s*\(([^)]*)\))?$/;

/** Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`; throws 400 for anything else. */
export function labelSelector(text: string): Selector {
  const parts = text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const tests = parts.map(labelTest);
  return ({ metadata: { labels = {} } }) => tests.every((test) => test(labels));
}

function labelTest(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const [, not, name, sign, value, word, list] = EXPRESSION.exec(text) ?? [];
  if (name === undefined) throw badRequest(`unable to parse requirement: ${text}`);
  const values = (list ?? '').split(',').map((item) => item.trim());
  if (word === 'in') return (labels) => values.includes(labels[name]);
  if (word === 'notin') return (labels) => !values.includes(labels[name]);
  if (sign === '!=') return (labels) => labels[name] !== value;
  if (sign !== undefined) return (labels) => labels[name] === value;
  return (labels) => Object.hasOwn(labels, name) !== (not === '!');
}

/** The fields that a field selector asks for, such as `metadata.name=a`, as pairs; throws 400 for others than name and namespace. */
export function fieldRequirements(
  text: string,
): readonly (readonly [field: 'name' | 'namespace', sign: '=' | '!=', value: string])[] {
  const parts = text.split(',').filter((part) => part !== '');
  return parts.map((part) => {
    const [, field, sign, value] = /^metadata\.(name|namespace)(==|=|!=)(.*)$/.exec(part) ?? [];
    if (field !== 'name' && field !== 'namespace') throw badRequest(`field label not supported: ${part}`);
    return [field, sign === '!=' ? '!=' : '=', value] as const;
  });
}

/** Reads a field selector. */
export function fieldSelector(text: string): Selector {
  const requirements = fieldRequirements(text);
  return ({ metadata }) =>
    requirements.every(([field, sign, value]) => ((metadata[field] ?? '') === value) === (sign === '='));
}

/** Both selectors of a query and the namespace of its path. */
export function selectorOf(query: URLSearchParams, namespace: string | undefined): Selector {
  const byLabel = labelSelector(query.get('labelSelector') ?? '');
  const byField = fieldSelector(query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) && byLabel(object) && byField(object);
}
