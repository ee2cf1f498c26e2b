import { filterFault } from '../../../shared/topic/filter.ts';

/** One direction of a `topic` line: what is read, and which prefix becomes which. */
export interface Remap {
  /** Topic filter behind the prefix; empty when the prefixes are whole topics. */
  readonly pattern: string;
  /** What the topic begins with where it is read. */
  readonly strip: string;
  /** What it begins with where it is written. */
  readonly add: string;
}

/** Source and target of one route. */
export interface MappedRoute {
  readonly source: string;
  readonly target?: string;
}

/** Routes that do what a `topic` line does, or why there are none. */
export type Remapped =
  | { readonly ok: true; readonly routes: readonly MappedRoute[]; readonly bounded: boolean }
  | { readonly ok: false; readonly fault: string };

/**
 * A target can repeat the whole topic or single levels of it, but not "the rest": where a prefix is cut off in front of
 * `#`, there is one route for each number of levels, up to `levels`, and the result is `bounded`.
 */
export function remap({ pattern, strip, add }: Remap, levels: number): Remapped {
  const source = strip + pattern;
  const fault = faultOf(source, pattern + add);
  if (fault !== undefined) return { ok: false, fault };
  if (pattern === '') return exact({ source, target: add });
  if (strip === add) return exact({ source });
  if (add.endsWith(strip)) {
    return exact({ source, target: `${add.slice(0, add.length - strip.length)}\${inputTopic}` });
  }
  if (!pattern.endsWith('#')) return exact(byLevels({ pattern, strip, add }));
  const base = pattern.split('/').slice(0, -1);
  const least = base.length === 0 ? 1 : 0;
  const depths = Array.from({ length: levels + 1 - least }, (_, index) => index + least);
  const routes = depths.map((depth) =>
    byLevels({ pattern: [...base, ...Array.from({ length: depth }, () => '+')].join('/'), strip, add }),
  );
  return { ok: true, routes, bounded: true };
}

function faultOf(source: string, target: string): string | undefined {
  if (source.startsWith('$share')) return 'it is a shared subscription, whose topics never match it';
  if (target.includes('${')) return 'a target cannot hold the text ${';
  const fault = filterFault(source);
  return fault === undefined ? undefined : `"${source}" is not a topic filter: ${fault}`;
}

/** Level by level: the prefix may end in the middle of one, but only where what follows is text. */
function byLevels({ pattern, strip, add }: Remap): MappedRoute {
  const source = strip + pattern;
  const wanted = pattern.split('/');
  const before = source.split('/').length - wanted.length;
  const target = wanted.map((level, index) => (level === '+' ? `\${inputTopic.${before + index + 1}}` : level));
  return { source, target: add + target.join('/') };
}

function exact(route: MappedRoute): Remapped {
  return { ok: true, routes: [route], bounded: false };
}
