import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileMapping, parseTarget, targetFilter } from '../../../../shared/topic/mapping.ts';
import { allTopics, arbitraryFilter, oracleMatches } from './oracle.ts';

describe('mapping', () => {
  it.each([
    [undefined, 'a/b', 'a/b'],
    ['factory', 'a/b', 'factory'],
    ['x/${inputTopic}', 'a/b', 'x/a/b'],
    ['x/${inputTopic.2}/${inputTopic.1}', 'a/b', 'x/b/a'],
    ['x-${inputTopic.1}-y', 'a/b', 'x-a-y'],
    ['x/${inputTopic.2}', 'a//b', 'x/'],
    ['${inputTopic.2}${inputTopic.1}', 'a/b/c', 'ba'],
    ['$literal/{x}', 'a', '$literal/{x}'],
  ])('%s of %s is %s', (target, topic, expected) => {
    expect(compileMapping({ source: '#', target })(topic)).toEqual({ ok: true, topic: expected });
  });

  it.each([
    ['x/${inputTopic.3}', 'a/b', 'unresolved_template'],
    ['${inputTopic.1}', '/a', 'invalid_target'],
    ['${inputTopic}${inputTopic}', 'x'.repeat(40_000), 'invalid_target'],
    ['a/#', 'a', 'invalid_target'],
    ['${nothing}', 'a', 'invalid_target'],
  ])('%s of %# goes nowhere: %s', (target, topic, reason) => {
    expect(compileMapping({ source: '#', target })(topic)).toEqual({ ok: false, reason });
  });

  it.each([
    '${',
    '${}',
    '${inputTopic',
    '${inputTopic.0}',
    '${inputTopic.01}',
    '${inputTopic.x}',
    '${inputtopic}',
    '${outputTopic}',
  ])('%s is no template', (target) => expect(parseTarget(target).ok).toBe(false));
});

describe('targets as a filter', () => {
  it.each([
    ['a/+', undefined, 'a/+'],
    ['a/+', 'x', 'x'],
    ['a/+', 'x/${inputTopic}', 'x/a/+'],
    ['a/#', 'x/${inputTopic}', 'x/a/#'],
    ['#', 'x/${inputTopic}', 'x/#'],
    ['a/+/c', '${inputTopic.3}/${inputTopic.2}', 'c/+'],
    ['a/#', 'x/${inputTopic.1}/${inputTopic.2}', 'x/a/+'],
    ['a/+', 'x${inputTopic.2}y/z', '+/z'],
    ['a', '${inputTopic.2}', undefined],
  ])('%s to %s: %s', (source, target, expected) => {
    expect(targetFilter({ source, target })).toBe(expected);
  });

  const topics = allTopics(['a', 'b', ''], 3);
  const part = fc.constantFrom('x', '/', 'a', '${inputTopic}', '${inputTopic.1}', '${inputTopic.2}');
  const target = fc.option(
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    { nil: undefined },
  );

  it('contain every topic that the mapping makes of a source topic', () => {
    fc.assert(
      fc.property(arbitraryFilter, target, (source, to) => {
        const map = compileMapping({ source, target: to });
        const filter = targetFilter({ source, target: to });
        for (const topic of topics.filter((one) => oracleMatches(source, one))) {
          const mapped = map(topic);
          if (mapped.ok) expect(filter !== undefined && oracleMatches(filter, mapped.topic)).toBe(true);
        }
      }),
      { numRuns: 1500 },
    );
  });
});
