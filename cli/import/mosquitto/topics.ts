import type { RouteInput } from '../../../shared/resources/topic-map.ts';
import { filterCovers, filtersIntersect } from '../../../shared/topic/filter.ts';
import { topicNameFault } from '../../../shared/topic/name.ts';
import { type Note, noteAt } from '../note.ts';
import { type Directive, wordsOf } from './lines.ts';
import { remap } from './remap.ts';

/** A `topic` line taken apart; empty text for what is `""` or left out. */
interface TopicLine {
  readonly directive: Directive;
  readonly pattern: string;
  readonly direction: 'out' | 'in' | 'both';
  readonly qos: 0 | 1 | 2;
  readonly localPrefix: string;
  readonly remotePrefix: string;
}

/** One direction of a `topic` line. */
interface Flow {
  readonly line: TopicLine;
  readonly out: boolean;
  /** Everything the line reads in this direction. */
  readonly filter: string;
  readonly routes: readonly RouteInput[];
}

/** Routes of a section, and what its `topic` lines did that they do not do. */
export interface ImportedTopics {
  readonly routes: readonly RouteInput[];
  readonly notes: readonly Note[];
}

/** How the routes differ from what the lines alone say. */
export interface TopicOptions {
  readonly levels: number;
  /** `bridge_outgoing_retain false` */
  readonly neverRetain: boolean;
}

/** Makes the routes of all `topic` lines of a section. */
export function importTopics(directives: readonly Directive[], options: TopicOptions): ImportedTopics {
  const notes: Note[] = [];
  const flows: Flow[] = [];
  for (const [index, directive] of directives.entries()) {
    const line = parseTopic(directive);
    if (typeof line === 'string') {
      notes.push(fault(directive, line));
      continue;
    }
    for (const out of directionsOf(line)) {
      const flow = flowOf(line, out, index + 1, options);
      if ('kind' in flow) notes.push(flow);
      else {
        flows.push(flow.flow);
        notes.push(...flow.notes);
      }
    }
  }
  return [true, false].reduce<ImportedTopics>(
    (all, out) => {
      const apart = firstWins(flows.filter((flow) => flow.out === out));
      return { routes: [...all.routes, ...apart.routes], notes: [...all.notes, ...apart.notes] };
    },
    { routes: [], notes },
  );
}

function directionsOf({ direction }: TopicLine): boolean[] {
  return direction === 'both' ? [true, false] : [direction === 'out'];
}

/** The line, or what is wrong with it in the eyes of Mosquitto. */
function parseTopic(directive: Directive): TopicLine | string {
  const [pattern, direction = 'out', qos = '0', local = '', remote = ''] = wordsOf(directive).map((word) =>
    word === '""' ? '' : word,
  );
  if (pattern === undefined) return 'there is no topic';
  const way = direction.toLowerCase();
  if (way !== 'out' && way !== 'in' && way !== 'both') return `"${direction}" is not out, in or both`;
  if (qos !== '0' && qos !== '1' && qos !== '2') return `"${qos}" is not a QoS`;
  if (pattern === '' && (local === '' || remote === '')) return 'without a topic it needs both prefixes';
  const prefix = [local, remote].find((text) => text !== '' && topicNameFault(text) !== undefined);
  if (prefix !== undefined) return `the prefix "${prefix}" is not a topic`;
  const level = Number(qos) as 0 | 1 | 2;
  return { directive, pattern, direction: way, qos: level, localPrefix: local, remotePrefix: remote };
}

function flowOf(
  line: TopicLine,
  out: boolean,
  nth: number,
  { levels, neverRetain }: TopicOptions,
): { readonly flow: Flow; readonly notes: readonly Note[] } | Note {
  const { pattern, localPrefix, remotePrefix, qos, directive } = line;
  const [strip, add] = out ? [localPrefix, remotePrefix] : [remotePrefix, localPrefix];
  const mapped = remap({ pattern, strip, add }, levels);
  if (!mapped.ok) return fault(directive, mapped.fault);
  const name = `${out ? 'out' : 'in'}-${nth}`;
  const routes = mapped.routes.map(
    (route, index): RouteInput => ({
      direction: out ? 'local-to-remote' : 'remote-to-local',
      name: mapped.routes.length === 1 ? name : `${name}-${index + 1}`,
      qos,
      ...route,
      ...(out && neverRetain ? { retain: 'Never' } : {}),
    }),
  );
  const notes = mapped.bounded ? [boundedNote(directive, strip, add, levels)] : [];
  return { flow: { line, out, filter: strip + pattern, routes }, notes };
}

/**
 * Mosquitto remaps a message by the first line with a prefix that matches it, whichever line it was read for, and
 * leaves it as it is when there is none. Here each message takes one route: that one.
 */
function firstWins(flows: readonly Flow[]): ImportedTopics {
  const ordered = [...flows.filter(isRemapped), ...flows.filter((flow) => !isRemapped(flow))];
  const notes: Note[] = [];
  const routes = ordered.flatMap((flow, index) => {
    const before = ordered.slice(0, index).filter(({ filter }) => filtersIntersect(filter, flow.filter));
    if (before.length > 0) notes.push(overlapNote(flow, before));
    return flow.routes.flatMap((route) => {
      const excludes = before.map(({ filter }) => filter).filter((filter) => filtersIntersect(filter, route.source));
      if (excludes.some((filter) => filterCovers(filter, route.source))) return [];
      return [excludes.length === 0 ? route : { ...route, excludes: [...new Set(excludes)] }];
    });
  });
  return { routes, notes };
}

function isRemapped({ line }: Flow): boolean {
  return line.localPrefix !== '' || line.remotePrefix !== '';
}

function fault(directive: Directive, why: string): Note {
  const advice = 'correct the line; Mosquitto itself refuses it, or it never carried a message';
  return noteAt(directive, 'error', { what: `topic ${directive.value}`, why, advice });
}

function boundedNote(directive: Directive, strip: string, add: string, levels: number): Note {
  return noteAt(directive, 'changed', {
    what: `topic ${directive.value}`,
    why: `a target cannot say "the rest of the topic", so there is a route for each depth: topics with more than ${levels} levels behind "${strip}" are not carried`,
    advice: `choose another depth with --levels, or give up replacing "${strip}" by "${add}": a prefix that is only added, or kept, needs one route`,
  });
}

function overlapNote({ line, out }: Flow, before: readonly Flow[]): Note {
  const lines = before.map((flow) => flow.line.directive.line).join(', ');
  return noteAt(line.directive, 'changed', {
    what: `topic ${line.directive.value}`,
    why: `${out ? 'outgoing' : 'incoming'} messages that line ${lines} matches too take that route only, as Mosquitto remaps them, with its QoS`,
    advice: 'look at the excludes of the route; a message is never carried twice',
  });
}
