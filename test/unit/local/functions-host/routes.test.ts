import { describe, expect, test } from 'vitest';
import type { Triggered } from '../../../../local/functions-host/app/functions.ts';
import { createRouteTable } from '../../../../local/functions-host/http/route-table.ts';

function on(route: string, methods: readonly string[] = ['GET']): Triggered<'http'> {
  const trigger = { kind: 'http', route, methods, authLevel: 'anonymous' } as const;
  return { name: `${methods.join('')} ${route}`, trigger, input: 'in', durableClients: [] };
}

/** The route that a path finds among these, in whatever order they are registered. */
function found(routes: readonly string[], path: string, prefix = 'api'): string | undefined {
  const names = [routes, routes.toReversed()].map((order) => {
    const table = createRouteTable(
      prefix,
      order.map((route) => on(route)),
    );
    return table('GET', path)?.target.trigger.route;
  });
  expect(names[0]).toBe(names[1]);
  return names[0];
}

describe('a route table', () => {
  test.each([
    [['a/{x}', 'a/b'], '/api/a/b', 'a/b'],
    [['a/{x}', 'a/b'], '/api/a/c', 'a/{x}'],
    [['{*all}', '{x}', 'a'], '/api/a', 'a'],
    [['{*all}', '{x}', 'a'], '/api/b', '{x}'],
    [['{*all}', '{x}', 'a'], '/api/b/c', '{*all}'],
    [['{**all}'], '/api/b/c', '{**all}'],
    [['s/{n:int}', 's/{x}'], '/api/s/5', 's/{n:int}'],
    [['s/{n:int}', 's/{x}'], '/api/s/5a', 's/{x}'],
    [['s/{n:guid}'], '/api/s/6f9619ff-8b86-d011-b42d-00c04fc964ff', 's/{n:guid}'],
    [['s/{n:guid}'], '/api/s/6f9619ff', undefined],
    [['s/{n:alpha}'], '/api/s/abc', 's/{n:alpha}'],
    [['s/{n:bool}'], '/api/s/TRUE', 's/{n:bool}'],
    [['s/{n:long}'], '/api/s/123456789012', 's/{n:long}'],
    [['a/{x}/c', 'a/b/{y}'], '/api/a/b/c', 'a/b/{y}'],
    [['a', 'a/{x?}'], '/api/a', 'a'],
    [['a/{x?}'], '/api/a', 'a/{x?}'],
    [['a/{x?}'], '/api/a/', 'a/{x?}'],
    [['/a/'], '/api/a', '/a/'],
    [['a'], '/api/a//', undefined],
    [['a/{x}'], '/api/a//', undefined],
  ])('%j finds for %s: %s', (routes, path, expected) => expect(found(routes, path)).toBe(expected));

  test('has no prefix when host.json has an empty one', () => {
    expect(found(['a'], '/a', '')).toBe('a');
    expect(found(['a'], '/api/a', '')).toBeUndefined();
  });

  test('has several functions of one route, by method', () => {
    const table = createRouteTable('api', [on('a', ['GET']), on('a', ['PUT', 'DELETE'])]);
    expect(table('DELETE', '/api/a')?.target.name).toBe('PUTDELETE a');
    expect(table('POST', '/api/a')).toBeUndefined();
  });

  test.each([
    [['a/{x}', 'A/{y}'], /both answer GET/],
    [['a/{x}b'], /^function "GET a.*": "\{x\}b" of the route "a\/\{x\}b" is not a parameter/],
    [['a/{x=5}'], /is not a parameter/],
    [['%PREFIX%/a'], /stands for an app setting/],
    [['a/{x?}/b'], /must come last/],
    [['{*x}/b'], /must come last/],
    [['{*x:int}'], /takes no constraint/],
    [['a/{x:datetime}'], /constraint "datetime"/],
    [['a/{x:length(2)}'], /is not a parameter/],
  ])('is not made of %j', (routes, message) => {
    expect(() =>
      createRouteTable(
        'api',
        routes.map((route) => on(route)),
      ),
    ).toThrow(message);
  });
});
