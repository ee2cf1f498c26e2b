import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { filtersIntersect } from '../../../../shared/topic/filter.ts';
import { createFilterIndex } from '../../../../shared/topic/filter-index.ts';
import { arbitraryFilter } from './oracle.ts';

it('finds exactly the filters that share a topic with another one, each once', () => {
  fc.assert(
    fc.property(fc.array(arbitraryFilter, { maxLength: 12 }), arbitraryFilter, (filters, asked) => {
      const index = createFilterIndex<number>();
      for (const [at, filter] of filters.entries()) index.add(filter, at);
      const expected = filters.flatMap((filter, at) => (filtersIntersect(filter, asked) ? [at] : []));
      expect([...index.intersecting(asked)].sort((a, b) => a - b)).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});
