import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findLoops, type LoopRoute, sourceSide, targetSide } from '../../../../shared/topic/loops.ts';
import { compileMapping } from '../../../../shared/topic/mapping.ts';
import { allTopics, oracleMatches } from './oracle.ts';

const up = (source: string, target?: string, excludes: string[] = []): LoopRoute => ({
  direction: 'local-to-remote',
  name: `up ${source}`,
  source,
  target,
  excludes,
});
const down = (source: string, target?: string, excludes: string[] = []): LoopRoute => ({
  ...up(source, target, excludes),
  direction: 'remote-to-local',
});

describe('loops', () => {
  it.each<[string, LoopRoute[], number[][]]>([
    ['an echo on one topic', [up('a'), down('a')], [[0, 1]]],
    [
      'the mapping of the reference document',
      [down('remote-topic', 'local-topic'), up('local-topic', 'remote-topic')],
      [[0, 1]],
    ],
    ['the tutorial: all of telemetry down, some of it up', [down('telemetry/#'), up('telemetry/iot-mq')], [[0, 1]]],
    ['a circle of four', [up('a', 'b'), down('b', 'c'), up('c', 'd'), down('d', 'a')], [[0, 1, 2, 3]]],
    ['topics that grow with each round', [up('#', 'x/${inputTopic}'), down('#')], [[0, 1]]],
    ['swapped levels', [up('+/+', '${inputTopic.2}/${inputTopic.1}'), down('+/+')], [[0, 1]]],
  ])('finds %s', (_what, routes, expected) => {
    expect(findLoops(routes).loops.map((loop) => loop.routes.toSorted((a, b) => a - b))).toEqual(expected);
  });

  it.each<[string, LoopRoute[]]>([
    ['one direction', [up('#'), up('a')]],
    ['disjoint topics', [up('telemetry/#'), down('commands/#')]],
    ['a prefix that the way back does not read', [up('telemetry/#', 'site1/${inputTopic}'), down('commands/#')]],
    ['a chain that ends', [up('a/+', 'b/${inputTopic.2}'), down('b/x', 'a/y')]],
    ['a long chain without an end to its start', [up('a', 'b'), down('b', 'c'), up('c', 'd')]],
    ['an exclude of what comes back', [up('#', undefined, ['from/#']), down('a/#', 'from/${inputTopic}')]],
    ['levels that run out', [up('a/#', 'b/${inputTopic.3}/${inputTopic.4}'), down('b/+/+', 'a/x/${inputTopic.3}')]],
    ['$ topics behind a wildcard', [up('$SYS/x', 'a'), down('a', '$SYS/y'), down('#')]],
  ])('finds none in %s', (_what, routes) => {
    expect(findLoops(routes)).toEqual({ loops: [], complete: true });
  });

  it('reports one loop per closing route, not one per combination', () => {
    const routes = Array.from({ length: 200 }, () => [up('a/#'), down('a/#')]).flat();
    expect(findLoops(routes).loops.length).toBeLessThanOrEqual(200);
  });

  it('gives up on endless overlap instead of searching it all', () => {
    const routes = [...Array(2500)].flatMap((_, at) => [up('#', `x${at}`), down('+', `y${at}`)]);
    expect(findLoops(routes).loops.length).toBeGreaterThan(0);
  });
});

/** Floods every small topic through the routes and tells whether some message never comes to rest. */
function circulates(routes: readonly LoopRoute[]): boolean {
  const links = routes.map((route) => ({ route, map: compileMapping(route) }));
  const seeds = allTopics(['a', 'b', 'c'], 3);
  let alive = new Set(seeds.flatMap((topic) => [`local ${topic}`, `remote ${topic}`]));
  for (let hop = 0; hop < 14 && alive.size > 0; hop++) {
    const next = new Set<string>();
    for (const message of alive) {
      const space = message.indexOf(' ');
      const topic = message.slice(space + 1);
      for (const { route, map } of links) {
        if (sourceSide(route) !== message.slice(0, space) || !oracleMatches(route.source, topic)) continue;
        if (route.excludes.some((exclude) => oracleMatches(exclude, topic))) continue;
        const mapped = map(topic);
        if (mapped.ok) next.add(`${targetSide(route)} ${mapped.topic}`);
      }
    }
    alive = next;
  }
  return alive.size > 0;
}

const filter = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '+'), { minLength: 1, maxLength: 2 }), fc.boolean())
  .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'));
const direction = fc.constantFrom<LoopRoute['direction']>('local-to-remote', 'remote-to-local');
const routesOf = (target: fc.Arbitrary<string | undefined>, excludes: fc.Arbitrary<string[]>) =>
  fc.array(fc.record({ direction, name: fc.constant('r'), source: filter, target, excludes }), {
    minLength: 1,
    maxLength: 4,
  });

describe('against a simulation that floods messages through the routes', () => {
  it('misses no loop', () => {
    const target = fc.constantFrom(
      undefined,
      'a',
      'b',
      'a/b',
      'b/${inputTopic}',
      '${inputTopic.2}/${inputTopic.1}',
      'a/${inputTopic.2}',
      '${inputTopic.2}',
    );
    fc.assert(
      fc.property(routesOf(target, fc.array(filter, { maxLength: 1 })), (routes) => {
        if (circulates(routes)) expect(findLoops(routes).loops).not.toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  it('invents no loop where targets are plain and nothing is excluded', () => {
    const target = fc.constantFrom(undefined, 'a', 'b', 'a/b', 'b/a', 'a/b/c', 'b/${inputTopic}');
    fc.assert(
      fc.property(routesOf(target, fc.constant([])), (routes) => {
        expect(findLoops(routes).loops.length > 0).toBe(circulates(routes));
      }),
      { numRuns: 600 },
    );
  });
});
