import type { LoadResult, LoadedResource } from '../../../shared/config/load.ts';
import type { ReceivedDocument } from '../remote/document.ts';

/** The resources of a control plane; places in the text mean nothing here, since its author wrote another one. */
export function loadDocument(resources: ReceivedDocument['resources']): LoadResult {
  return { problems: [], resources: resources.map(loaded) };
}

function loaded(value: ReceivedDocument['resources'][number]): LoadedResource {
  return { file: nameOf(value), value, locate: () => ({ line: 1, column: 1 }), problems: [] };
}

/** `kind/name`, as far as the resource has them. */
function nameOf({ kind, metadata }: Readonly<Record<string, unknown>>): string {
  const name = typeof metadata === 'object' && metadata !== null && 'name' in metadata ? metadata.name : undefined;
  return [kind, name].map((part) => (typeof part === 'string' ? part.slice(0, 253) : '?')).join('/');
}
