import type { Side } from '../plan/types.ts';
import type { Route } from '../resources/topic-map.ts';
import { filterCovers, intersectFilters, plainFilter } from './filter.ts';
import { createFilterIndex, type FilterIndex } from './filter-index.ts';
import { targetFilter } from './mapping.ts';

/** What the search for loops reads of a route. */
export type LoopRoute = Pick<Route, 'direction' | 'name' | 'source' | 'target' | 'excludes'>;

/** Routes through which a message can go round for ever. */
export interface Loop {
  /** Indexes into the given routes, in the order a message takes them; the last one closes the circle to the first. */
  readonly routes: readonly number[];
  /** Topic filter of the messages that enter the first of them. */
  readonly topics: string;
}

/** Loops, and whether the search ended before it had seen everything. */
export interface LoopSearch {
  readonly loops: readonly Loop[];
  readonly complete: boolean;
}

/** Passing one route more often than this counts as going round: no hop limit is higher. */
const MAX_PASSES = 16;
const MAX_STEPS = 200_000;
const MAX_LOOPS = 100;

/**
 * Finds loops over all routes of a connector by following what each route may publish, as topic filters, through every
 * route that reads it. A loop is reported once for each route that closes one. It never misses a loop; where a target
 * repeats a level of its source it may report one that no single topic can take.
 */
export function findLoops(routes: readonly LoopRoute[]): LoopSearch {
  const indexes = { local: createFilterIndex<number>(), remote: createFilterIndex<number>() };
  for (const [index, route] of routes.entries()) indexes[sourceSide(route)].add(route.source, index);
  const walk: Walk = {
    routes,
    indexes,
    path: [],
    onPath: new Map(),
    passes: new Map(),
    done: new Set(),
    loops: new Map(),
    steps: 0,
  };
  for (const [index, route] of routes.entries()) follow(walk, enter(route, index, plainFilter(route.source)));
  return { loops: [...walk.loops.values()], complete: walk.steps < MAX_STEPS };
}

/** The broker that a route reads. */
export function sourceSide(route: Pick<Route, 'direction'>): Side {
  return route.direction === 'local-to-remote' ? 'local' : 'remote';
}

/** The broker that a route writes. */
export function targetSide(route: Pick<Route, 'direction'>): Side {
  return route.direction === 'local-to-remote' ? 'remote' : 'local';
}

/** Messages of these topics entering this route. */
interface Step {
  readonly index: number;
  readonly topics: string;
}

interface Walk {
  readonly routes: readonly LoopRoute[];
  readonly indexes: Readonly<Record<Side, FilterIndex<number>>>;
  readonly path: Frame[];
  /** Steps of the path by key, with their place in it. */
  readonly onPath: Map<string, number>;
  /** How often the path passes each route. */
  readonly passes: Map<number, number>;
  readonly done: Set<string>;
  /** By the route that closes the loop. */
  readonly loops: Map<number, Loop>;
  steps: number;
}

interface Frame {
  readonly step: Step;
  readonly key: string;
  readonly next: Iterator<Step>;
}

/** Depth first with an own stack, since a chain of routes can be longer than the call stack. */
function follow(walk: Walk, start: Step | undefined): void {
  if (start !== undefined) visit(walk, start);
  for (let frame = walk.path.at(-1); frame !== undefined; frame = walk.path.at(-1)) {
    const next = exhausted(walk) ? undefined : frame.next.next();
    if (next === undefined || next.done === true) {
      walk.path.pop();
      walk.onPath.delete(frame.key);
      countPass(walk, frame.step.index, -1);
      walk.done.add(frame.key);
    } else {
      visit(walk, next.value);
    }
  }
}

function visit(walk: Walk, step: Step): void {
  walk.steps += 1;
  const key = `${step.index} ${step.topics}`;
  if (walk.done.has(key)) return;
  const back = walk.onPath.get(key) ?? passedTooOften(walk, step.index);
  if (back !== undefined) {
    closeLoop(walk, back);
    return;
  }
  walk.onPath.set(key, walk.path.length);
  countPass(walk, step.index, 1);
  walk.path.push({ step, key, next: successors(walk, step) });
}

/** Topics can grow with every round; then no step repeats, but the route does. */
function passedTooOften(walk: Walk, index: number): number | undefined {
  if ((walk.passes.get(index) ?? 0) <= MAX_PASSES) return undefined;
  return walk.path.findLastIndex((frame) => frame.step.index === index);
}

function countPass(walk: Walk, index: number, by: number): void {
  walk.passes.set(index, (walk.passes.get(index) ?? 0) + by);
}

/** Turned so that the route which is written last closes the circle: that is the one to look at. */
function closeLoop(walk: Walk, from: number): void {
  const steps = walk.path.slice(from).map((frame) => frame.step);
  const last = Math.max(...steps.map((step) => step.index));
  const cut = steps.findIndex((step) => step.index === last) + 1;
  const turned = [...steps.slice(cut), ...steps.slice(0, cut)];
  if (walk.loops.has(last)) return;
  walk.loops.set(last, { routes: turned.map((step) => step.index), topics: turned[0]?.topics ?? '' });
}

function* successors(walk: Walk, { index, topics }: Step): Generator<Step> {
  const route = walk.routes[index];
  const published = route === undefined ? undefined : targetFilter(route, topics);
  if (route === undefined || published === undefined) return;
  for (const next of walk.indexes[targetSide(route)].intersecting(published)) {
    const reader = walk.routes[next];
    const common = reader === undefined ? undefined : intersectFilters(published, reader.source);
    const step = reader === undefined || common === undefined ? undefined : enter(reader, next, common);
    if (step !== undefined) yield step;
  }
}

/** Nothing enters a route whose excludes cover everything that comes. */
function enter(route: LoopRoute, index: number, topics: string): Step | undefined {
  return route.excludes.some((exclude) => filterCovers(exclude, topics)) ? undefined : { index, topics };
}

function exhausted(walk: Walk): boolean {
  return walk.steps >= MAX_STEPS || walk.loops.size >= MAX_LOOPS;
}
