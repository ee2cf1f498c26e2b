import { filterFault, parseShare } from '../../../shared/topic/filter.ts';

/** A subscription's filter, the group of a shared one taken off. */
export interface ParsedFilter {
  readonly group: string | undefined;
  readonly levels: readonly string[];
}

/** Splits a filter as a client sent it; undefined when it is not valid (MQTT5 4.7 and 4.8.2). */
export function parseFilter(filter: string): ParsedFilter | undefined {
  if (filterFault(filter) !== undefined) return undefined;
  const share = parseShare(filter);
  return { group: share?.group, levels: (share?.filter ?? filter).split('/') };
}
