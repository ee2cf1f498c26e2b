/** A subscription's filter, the group of a shared one taken off. */
export interface ParsedFilter {
  readonly group: string | undefined;
  readonly levels: readonly string[];
}

const SHARED_PREFIX = '$share/';

/** Splits a filter as a client sent it; undefined when it is not valid (MQTT5 4.7 and 4.8.2). */
export function parseFilter(filter: string): ParsedFilter | undefined {
  if (!filter.startsWith(SHARED_PREFIX)) return validated(undefined, filter);
  const slash = filter.indexOf('/', SHARED_PREFIX.length);
  if (slash < 0) return undefined;
  const group = filter.slice(SHARED_PREFIX.length, slash);
  if (group === '' || group.includes('+') || group.includes('#')) return undefined;
  return validated(group, filter.slice(slash + 1));
}

function validated(group: string | undefined, filter: string): ParsedFilter | undefined {
  if (filter === '') return undefined;
  const levels = filter.split('/');
  const valid = levels.every((level, index) => {
    if (level === '#') return index === levels.length - 1;
    return level === '+' || (!level.includes('+') && !level.includes('#'));
  });
  return valid ? { group, levels } : undefined;
}

/** Whether a filter without its `$share` prefix holds a wildcard. */
export function hasWildcard(levels: readonly string[]): boolean {
  return levels.includes('+') || levels.includes('#');
}
