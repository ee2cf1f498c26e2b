import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ApiRequest } from '../../../../functions/http/contract.ts';
import { readResources } from '../../../../functions/http/read-resources.ts';

function read(text: string) {
  const request: ApiRequest = {
    method: 'PUT',
    params: {},
    query: new URLSearchParams(),
    headers: new Headers({ 'content-type': 'application/json' }),
    body: new TextEncoder().encode(text),
  };
  return readResources(request);
}

const text = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(...' \t\n\r\u0085\u2028\ufeff"\'\\/:#-?[]{},&*!|>%@`'.split('')),
  ),
});
const keys = text.filter((key) => key !== '__proto__' && key !== '<<' && key !== 'kind');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  map: fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
}));
const map = fc.dictionary(keys, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true });
const indent = fc.constantFrom(undefined, 1, 2, '\t');

it('reads JSON exactly as JSON.parse does, although the places come from a reader of YAML', () => {
  fc.assert(
    fc.property(map, indent, (resource, space) => {
      const sent = JSON.stringify(resource, undefined, space);
      const outcome = read(sent);
      expect(outcome.kind, JSON.stringify(outcome)).toBe('resources');
      if (outcome.kind === 'resources')
        expect(outcome.loaded.resources.map((one) => one.value)).toEqual([JSON.parse(sent)]);
    }),
    { numRuns: 500 },
  );
});

it('reads an array as the resources in it', () => {
  fc.assert(
    fc.property(fc.array(map, { minLength: 1, maxLength: 5 }), indent, (resources, space) => {
      const sent = JSON.stringify(resources, undefined, space);
      const outcome = read(sent);
      expect(outcome.kind, JSON.stringify(outcome)).toBe('resources');
      if (outcome.kind === 'resources')
        expect(outcome.loaded.resources.map((one) => one.value)).toEqual(JSON.parse(sent));
    }),
    { numRuns: 300 },
  );
});
