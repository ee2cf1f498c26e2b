import { parse, stringify } from 'yaml';
import type { KubeObject } from './api-server/object.ts';

const SWITCH = 'kustomize.toolkit.fluxcd.io/substitute';

/**
 * What Flux makes of an object with `postBuild.substitute`: it writes YAML, puts values in, and reads it again, so that a
 * value alone may become a number or null. Objects that switch it off stay. Functions but a default are refused.
 */
export function substituted(object: KubeObject, values: Readonly<Record<string, string>>): KubeObject {
  const { labels, annotations } = object.metadata;
  if (labels?.[SWITCH] === 'disabled' || annotations?.[SWITCH] === 'disabled') return object;
  return parse(expanded(stringify(object, { lineWidth: 0 }), values)) as KubeObject;
}

function expanded(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$?\$\{([^}]*)\}/g, (reference, inside: string) => {
    if (reference.startsWith('$$')) return reference.slice(1);
    const match = /^([A-Z_]+)(?::=(.*))?$/.exec(inside);
    if (match === null) throw new Error(`not carried out here: ${reference}`);
    const [, name = '', otherwise = ''] = match;
    const value = (values[name] ?? '').replaceAll('\n', '');
    return value === '' ? otherwise : value;
  });
}
