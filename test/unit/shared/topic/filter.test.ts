import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileFilter,
  filterCovers,
  filterFault,
  filtersIntersect,
  intersectFilters,
  matchesFilter,
  parseShare,
} from '../../../../shared/topic/filter.ts';
import { allTopics, arbitraryFilter, oracleMatches } from './oracle.ts';

const TOPICS = allTopics(['a', 'b', '', '$s'], 4);

describe('matching', () => {
  it.each([
    ['sport/#', 'sport', true],
    ['sport/#', 'sport/tennis/player1', true],
    ['sport/#', 'sports', false],
    ['#', 'a/b/c', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['$SYS/#', '$SYS', true],
    ['$SYS/+', '$SYS/x', true],
    ['a/+/#', 'a', false],
    ['a/+/#', 'a/b', true],
    ['a/+/#', 'a/', true],
    ['+', 'a', true],
    ['+', 'a/b', false],
    ['+/+', '/a', true],
    ['/+', '/a', true],
    ['+', '/a', false],
    ['a//b', 'a//b', true],
    ['a/+/b', 'a//b', true],
    ['a/#', 'a/', true],
    ['a', 'A', false],
    ['a', 'a/', false],
    ['a/', 'a', false],
    ['#', '', false],
    ['$share/g/a/+', 'a/b', true],
    ['$share/g/#', '$SYS/x', false],
  ])('%s and %s: %s', (filter, topic, expected) => {
    expect(matchesFilter(filter, topic)).toBe(expected);
    expect(compileFilter(filter)(topic)).toBe(expected);
  });

  it('agrees with a level-by-level oracle, compiled or not', () => {
    fc.assert(
      fc.property(arbitraryFilter, fc.constantFrom(...TOPICS), (filter, topic) => {
        const expected = oracleMatches(filter, topic);
        expect(matchesFilter(filter, topic)).toBe(expected);
        expect(compileFilter(filter)(topic)).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('validity', () => {
  it.each(['a', '/', '//', '#', '+', '+/#', 'a/+/b', '$SYS/#', '$share/g/a', '$share/g//', ' ', '$sharee/a'])(
    '%s is a filter',
    (filter) => expect(filterFault(filter)).toBeUndefined(),
  );
  it.each([
    '',
    'a#',
    'a/#/b',
    '#/a',
    'a+',
    '+a/b',
    'a/b+/c',
    'a\0b',
    '\uD800',
    '$share',
    '$share/',
    '$share/g',
    '$share/ab',
    '$share/g/',
    '$share//a',
    '$share/g+/a',
    '$share/g/a#',
    'x'.repeat(65_536),
    'é'.repeat(32_768),
  ])('%# is none', (filter) => expect(filterFault(filter)).toBeTypeOf('string'));

  it('takes a shared subscription apart', () => {
    expect(parseShare('$share/g/a/b')).toEqual({ group: 'g', filter: 'a/b' });
    expect(parseShare('$share/g//')).toEqual({ group: 'g', filter: '/' });
    expect(parseShare('a/b')).toBeUndefined();
  });
});

describe('intersection', () => {
  it('is the filter of exactly the common topics', () => {
    fc.assert(
      fc.property(arbitraryFilter, arbitraryFilter, (a, b) => {
        const common = TOPICS.filter((topic) => oracleMatches(a, topic) && oracleMatches(b, topic));
        const filter = intersectFilters(a, b);
        expect(filtersIntersect(a, b)).toBe(common.length > 0);
        expect(filtersIntersect(b, a)).toBe(common.length > 0);
        expect(filter === undefined ? [] : TOPICS.filter((topic) => oracleMatches(filter, topic))).toEqual(common);
      }),
      { numRuns: 1500 },
    );
  });

  it('understands shared subscriptions', () => {
    expect(filtersIntersect('$share/g/a/#', 'a/b')).toBe(true);
    expect(filtersIntersect('$share/g/a/#', 'b')).toBe(false);
  });
});

describe('covering', () => {
  it('holds when every topic of the inner filter matches the outer one', () => {
    fc.assert(
      fc.property(arbitraryFilter, arbitraryFilter, (outer, inner) => {
        const all = TOPICS.filter((topic) => oracleMatches(inner, topic));
        expect(filterCovers(outer, inner)).toBe(all.every((topic) => oracleMatches(outer, topic)));
      }),
      { numRuns: 1500 },
    );
  });
});
