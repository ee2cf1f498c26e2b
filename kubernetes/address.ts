import type { ObjectKind, Selection } from './object.ts';

/** Path of all objects of a kind, in one namespace or in all. */
export function collectionPath({ apiVersion, plural }: ObjectKind, namespace?: string): string {
  const root = apiVersion.includes('/') ? 'apis' : 'api';
  const within = namespace === undefined ? '' : `/namespaces/${segment(namespace)}`;
  return `/${root}/${apiVersion}${within}/${plural}`;
}

/** Path of one object, or of its status. */
export function objectPath(
  kind: ObjectKind,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  subresource?: 'status',
): string {
  const path = `${collectionPath(kind, namespace)}/${segment(name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** Selectors as parameters of a query. */
export function selectorsOf({ labelSelector, fieldSelector }: Selection): Record<string, string> {
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

/** An empty name would mean the whole collection, and dots another path; the API server has objects of no such name. */
function segment(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/%]/.test(name)) {
    throw new RangeError(`no object can be named ${JSON.stringify(name)}`);
  }
  return encodeURIComponent(name);
}
