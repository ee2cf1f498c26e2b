import type { Severity } from '../problem.ts';
import { filterCovers, intersectFilters } from '../topic/filter.ts';
import { createFilterIndex } from '../topic/filter-index.ts';
import { findLoops, type Loop } from '../topic/loops.ts';
import type { Bundle, PlacedRoute } from './bundle.ts';
import { placeOf } from './bundle.ts';
import type { Finding } from './finding.ts';

/** A finding about one route of a bundle. */
export interface RouteFinding {
  readonly route: PlacedRoute;
  readonly finding: Finding;
}

/**
 * Loops over all routes of a connector. They warn where maxHops ends them; MQTT 3.1.1 has no user property to count hops
 * in, and maxHops 0 does not count, so there a loop is an error.
 */
export function loopFindings({ connector, routes }: Bundle): RouteFinding[] {
  const guarded = connector.spec.protocol === 'v5' && connector.spec.maxHops > 0;
  const severity: Severity = guarded ? 'warning' : 'error';
  const { loops, complete } = findLoops(routes.map(({ route }) => route));
  const found = loops.flatMap((loop) => {
    const last = routes[loop.routes.at(-1) ?? -1];
    return last === undefined
      ? []
      : [{ route: last, finding: { rule: 'XR008', path: [], message: describeLoop(loop, routes, guarded), severity } }];
  });
  const first = routes[0];
  if (complete || first === undefined || found.length > 0) return found;
  const message = 'there are too many overlapping routes to rule out loops';
  return [{ route: first, finding: { rule: 'XR008', path: [], message, severity: 'warning' } }];
}

/** Routes of one direction whose sources share topics: such a message is forwarded by each. */
export function overlapFindings({ routes }: Bundle): RouteFinding[] {
  const indexes = {
    'local-to-remote': createFilterIndex<PlacedRoute>(),
    'remote-to-local': createFilterIndex<PlacedRoute>(),
  };
  return routes.flatMap((later): RouteFinding[] => {
    const index = indexes[later.route.direction];
    let found: RouteFinding[] = [];
    for (const earlier of index.intersecting(later.route.source)) {
      const topics = overlap(earlier, later);
      if (topics === undefined) continue;
      const message = `messages of "${topics}" are also forwarded by route "${earlier.route.name}" (${placeOf(earlier)})`;
      found = [{ route: later, finding: { rule: 'XR009', path: ['source'], message } }];
      break;
    }
    index.add(later.route.source, later);
    return found;
  });
}

function overlap(a: PlacedRoute, b: PlacedRoute): string | undefined {
  const topics = intersectFilters(a.route.source, b.route.source);
  if (topics === undefined) return undefined;
  const excluded = [...a.route.excludes, ...b.route.excludes].some((exclude) => filterCovers(exclude, topics));
  return excluded ? undefined : topics;
}

function describeLoop({ routes: indexes, topics }: Loop, routes: readonly PlacedRoute[], guarded: boolean): string {
  const names = [...indexes, indexes[0] ?? -1].map((index) => routes[index]?.route.name ?? '');
  const shown = names.length > 8 ? [...names.slice(0, 4), '…', ...names.slice(-3)] : names;
  const end = guarded ? 'maxHops ends it' : 'nothing ends it';
  return `messages of "${topics}" go round through ${shown.join(' → ')}; ${end}`;
}
