import { stringFault } from './name.ts';

const SLASH = 47;
const PLUS = 43;
const HASH = 35;
const DOLLAR = 36;
const SHARE_PREFIX = '$share/';

/** A shared subscription taken apart: `$share/{group}/{filter}`. */
export interface Share {
  readonly group: string;
  readonly filter: string;
}

/** Takes `$share/{group}/{filter}` apart; undefined for a plain filter and for one that lacks group or filter. */
export function parseShare(subscription: string): Share | undefined {
  if (!subscription.startsWith(SHARE_PREFIX)) return undefined;
  const slash = subscription.indexOf('/', SHARE_PREFIX.length);
  if (slash === -1) return undefined;
  const group = subscription.slice(SHARE_PREFIX.length, slash);
  const filter = subscription.slice(slash + 1);
  if (group === '' || filter === '' || group.includes('+') || group.includes('#')) return undefined;
  return { group, filter };
}

/** Why a string cannot be subscribed to, as a clause for a message; undefined when it can. `$share/…` is understood. */
export function filterFault(filter: string): string | undefined {
  const fault = stringFault(filter);
  if (fault !== undefined) return fault;
  if (filter === '$share' || filter.startsWith(SHARE_PREFIX)) {
    const share = parseShare(filter);
    if (share === undefined)
      return 'a shared subscription reads $share/{group}/{filter}, without wildcards in the group';
    return filterFault(share.filter);
  }
  const levels = filter.split('/');
  const last = levels.length - 1;
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && level !== '#') return `"#" must stand alone in its level, not in "${level}"`;
    if (level === '#' && index !== last) return '"#" must be the last level';
    if (level.includes('+') && level !== '+') return `"+" must stand alone in its level, not in "${level}"`;
  }
  return undefined;
}

/** Whether a topic filter has a wildcard level. */
export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/** Whether a subscription (valid, `$share/…` understood) receives a message of this topic; allocates nothing. */
export function matchesFilter(subscription: string, topic: string): boolean {
  const filter = subscription.charCodeAt(0) === DOLLAR ? plainFilter(subscription) : subscription;
  return topic !== '' && !hidden(filter, topic) && matchesLevels(filter, topic);
}

/** The same decision as `matchesFilter`, prepared once for many topics. */
export function compileFilter(subscription: string): (topic: string) => boolean {
  const filter = plainFilter(subscription);
  if (!hasWildcard(filter)) return (topic) => topic === filter;
  if (filter === '#') return (topic) => topic !== '' && topic.charCodeAt(0) !== DOLLAR;
  if (filter.endsWith('/#') && !hasWildcard(filter.slice(0, -2))) {
    const parent = filter.slice(0, -2);
    const prefix = `${parent}/`;
    return (topic) => topic.startsWith(prefix) || (topic === parent && topic !== '');
  }
  return (topic) => topic !== '' && !hidden(filter, topic) && matchesLevels(filter, topic);
}

/** The filter that matches exactly the topics which both filters match; undefined when no topic matches both. */
export function intersectFilters(a: string, b: string): string | undefined {
  const left = plainFilter(a).split('/');
  const right = plainFilter(b).split('/');
  if (hidden(left[0] ?? '', right[0] ?? '') || hidden(right[0] ?? '', left[0] ?? '')) return undefined;
  const common: string[] = [];
  for (let index = 0; ; index++) {
    const l = left[index];
    const r = right[index];
    if (l === '#') return joined([...common, ...right.slice(index)]);
    if (r === '#') return joined([...common, ...left.slice(index)]);
    if (l === undefined || r === undefined) return l === r ? joined(common) : undefined;
    if (l !== r && l !== '+' && r !== '+') return undefined;
    common.push(l === '+' ? r : l);
  }
}

/** Whether some topic matches both filters. */
export function filtersIntersect(a: string, b: string): boolean {
  return intersectFilters(a, b) !== undefined;
}

/** Whether every topic that the inner filter matches is matched by the outer one. */
export function filterCovers(outer: string, inner: string): boolean {
  const wide = plainFilter(outer).split('/');
  const narrow = plainFilter(inner).split('/');
  if (hidden(wide[0] ?? '', narrow[0] ?? '')) return false;
  for (let index = 0; ; index++) {
    const w = wide[index];
    const n = narrow[index];
    if (w === '#') return true;
    // No topic is empty, so "+/#" is as wide as "#", and "/+/#" as "/#".
    const needed = index === 0 || (index === 1 && narrow[0] === '');
    if (needed && n === '#' && w === '+') return wide[index + 1] === '#';
    if (w === undefined || n === undefined) return w === n;
    if (n === '#' || (w !== '+' && w !== n)) return false;
  }
}

/** The filter of a subscription without `$share/{group}/`. */
export function plainFilter(subscription: string): string {
  return parseShare(subscription)?.filter ?? subscription;
}

/** MQTT5 4.7.2: a wildcard in the first level does not match topics that begin with `$`. */
function hidden(filter: string, topic: string): boolean {
  if (topic.charCodeAt(0) !== DOLLAR) return false;
  const first = filter.charCodeAt(0);
  return first === PLUS || first === HASH;
}

/** An intersection whose only topic would be the empty one matches nothing. */
function joined(levels: readonly string[]): string | undefined {
  const filter = levels.join('/');
  return filter === '' ? undefined : filter;
}

function matchesLevels(filter: string, topic: string): boolean {
  let at = 0;
  let from = 0;
  for (;;) {
    const end = levelEnd(topic, from);
    const first = filter.charCodeAt(at);
    if (first === HASH) return true;
    if (first === PLUS) {
      at += 1;
    } else {
      const filterEnd = levelEnd(filter, at);
      if (filterEnd - at !== end - from || !sameText(filter, at, topic, from, end - from)) return false;
      at = filterEnd;
    }
    if (end === topic.length) return at === filter.length || (filter.length - at === 2 && filter.endsWith('/#'));
    if (at === filter.length) return false;
    at += 1;
    from = end + 1;
  }
}

function sameText(a: string, aFrom: number, b: string, bFrom: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (a.charCodeAt(aFrom + index) !== b.charCodeAt(bFrom + index)) return false;
  }
  return true;
}

function levelEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && text.charCodeAt(end) !== SLASH) end++;
  return end;
}
