import { intersectFilters, plainFilter } from './filter.ts';
import { MAX_STRING_BYTES, topicNameFault } from './name.ts';

/** The part of a route that decides where a message goes. */
export interface MappedRoute {
  readonly source: string;
  readonly target?: string | undefined;
}

/** Where one message goes, or why it goes nowhere. */
export type MappedTopic =
  | { readonly ok: true; readonly topic: string }
  | { readonly ok: false; readonly reason: 'unresolved_template' | 'invalid_target' };

/** A target template in pieces: text as it stands, the whole source topic, or one of its levels (1-based). */
type TargetPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'topic' }
  | { readonly kind: 'level'; readonly level: number };

/** A parsed target template, or why it cannot be one. */
export type ParsedTarget =
  | { readonly ok: true; readonly parts: readonly TargetPart[] }
  | { readonly ok: false; readonly fault: string };

const INVALID: MappedTopic = { ok: false, reason: 'invalid_target' };
const UNRESOLVED: MappedTopic = { ok: false, reason: 'unresolved_template' };
const MAX_LEVEL = 65_535;

/** Takes a target apart at `${inputTopic}` and `${inputTopic.N}`; anything else behind `${` is a fault. */
export function parseTarget(target: string): ParsedTarget {
  const parts: TargetPart[] = [];
  let from = 0;
  for (;;) {
    const open = target.indexOf('${', from);
    const text = target.slice(from, open === -1 ? undefined : open);
    if (text !== '') parts.push({ kind: 'text', text });
    if (open === -1) return { ok: true, parts };
    const close = target.indexOf('}', open);
    if (close === -1) return { ok: false, fault: '"${" is not closed by "}"' };
    const part = referenceOf(target.slice(open + 2, close));
    if (part === undefined) return { ok: false, fault: `"${target.slice(open, close + 1)}" is not known` };
    parts.push(part);
    from = close + 1;
  }
}

/** Prepares the mapping of a route: from the topic a message came with to the one it leaves with. */
export function compileMapping(route: MappedRoute): (topic: string) => MappedTopic {
  if (route.target === undefined) return (topic) => ({ ok: true, topic });
  const parsed = parseTarget(route.target);
  if (!parsed.ok) return () => INVALID;
  if (parsed.parts.every((part) => part.kind === 'text')) {
    const fixed = checked(route.target);
    return () => fixed;
  }
  return (topic) => resolve(parsed.parts, topic);
}

/**
 * The smallest topic filter we can name that contains every topic the route may publish to, when only source topics
 * inside `within` come in; undefined when there are none.
 */
export function targetFilter(route: MappedRoute, within: string = '#'): string | undefined {
  const source = plainFilter(route.source);
  // `#` as "everything" must not hide `$` topics that the source names itself.
  const incoming = within === '#' ? source : intersectFilters(source, within);
  if (incoming === undefined || route.target === undefined) return incoming;
  const parsed = parseTarget(route.target);
  if (!parsed.ok) return undefined;
  return filterOf(parsed.parts, incoming.split('/'));
}

function referenceOf(name: string): TargetPart | undefined {
  if (name === 'inputTopic') return { kind: 'topic' };
  const digits = /^inputTopic\.([1-9]\d{0,4})$/.exec(name)?.[1];
  if (digits === undefined || Number(digits) > MAX_LEVEL) return undefined;
  return { kind: 'level', level: Number(digits) };
}

function resolve(parts: readonly TargetPart[], topic: string): MappedTopic {
  let levels: readonly string[] | undefined;
  let target = '';
  for (const part of parts) {
    if (part.kind === 'text') {
      target += part.text;
    } else if (part.kind === 'topic') {
      target += topic;
    } else {
      levels ??= topic.split('/');
      const level = levels[part.level - 1];
      if (level === undefined) return UNRESOLVED;
      target += level;
    }
  }
  return checked(target);
}

function checked(topic: string): MappedTopic {
  return topicNameFault(topic) === undefined ? { ok: true, topic } : INVALID;
}

/** Marks what is unknown inside one level while the filter is put together; NUL is in no valid topic. */
const ANY = '\0';

function filterOf(parts: readonly TargetPart[], incoming: readonly string[]): string | undefined {
  const open = incoming.at(-1) === '#';
  let text = '';
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'text') {
      text += part.text;
    } else if (part.kind === 'topic' && open) {
      // What follows a multi-level wildcard can be anything, so the filter ends there, or one level earlier when the
      // last level that is known may grow by what comes next.
      const grows = !startsLevel(parts[index + 1]);
      return closed(
        text +
          incoming
            .slice(0, grows ? -2 : -1)
            .concat('')
            .join('/'),
      );
    } else if (part.kind === 'topic') {
      text += incoming.join('/');
    } else {
      const level = incoming[part.level - 1];
      if (level === undefined && !open) return undefined;
      text += level === undefined || level === '#' || level === '+' ? ANY : level;
    }
  }
  return bounded(text.replaceAll('+', ANY).split('/').map(wildcarded).join('/'));
}

function startsLevel(part: TargetPart | undefined): boolean {
  return part === undefined || (part.kind === 'text' && part.text.startsWith('/'));
}

/** A filter for "this text and anything behind it"; `a/` came from `a/#`, which also stands for `a`. */
function closed(text: string): string | undefined {
  const levels = text.replaceAll('+', ANY).split('/').map(wildcarded);
  return bounded(levels.slice(0, -1).concat('#').join('/'));
}

/** Levels that may be empty make a topic shorter than its filter, by half at most. */
function bounded(filter: string): string | undefined {
  return filter.length > 2 * MAX_STRING_BYTES + 1 ? undefined : filter;
}

function wildcarded(level: string): string {
  return level.includes(ANY) ? '+' : level;
}
