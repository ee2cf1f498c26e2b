import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { apply, type Applied } from '../../../support/kubernetes/api-server/apply.ts';
import { fromFieldsV1, leavesOf, toFieldsV1 } from '../../../support/kubernetes/api-server/field-set.ts';
import { kindAt, type Kind } from '../../../support/kubernetes/api-server/kinds.ts';
import type { Fields, KubeObject } from '../../../support/kubernetes/api-server/object.ts';
import { shapeOf } from '../../../support/kubernetes/api-server/shape.ts';

const SETS = kindAt('apps/v1', 'statefulsets') as Kind;
const MAPS = kindAt('mq.iotoperations.azure.com/v1beta1', 'mqttbridgetopicmaps') as Kind;

function applied(kind: Kind, live: KubeObject | undefined, spec: Fields, manager: string): Applied {
  const config = { apiVersion: 'x/v1', kind: kind.kind, metadata: { name: 'a' }, spec };
  const writer = { manager, operation: 'Apply', time: '2026-01-01T00:00:00Z' } as const;
  return apply(live, config, { writer, shape: shapeOf(kind) });
}

function taken(result: Applied): KubeObject {
  if (result.kind === 'conflict') throw new Error(JSON.stringify(result.conflicts));
  return result.object;
}

function containers(...items: Fields[]): Fields {
  return { template: { spec: { containers: items } } };
}

describe('lists by key', () => {
  test('server-side apply - merges containers by name and their variables by name', () => {
    const first = taken(
      applied(SETS, undefined, containers({ name: 'a', image: 'i', env: [{ name: 'X', value: '1' }] }), 'one'),
    );
    const both = taken(
      applied(SETS, first, containers({ name: 'a', env: [{ name: 'Y', value: '2' }] }, { name: 'b' }), 'two'),
    );
    const env = [
      { name: 'X', value: '1' },
      { name: 'Y', value: '2' },
    ];
    expect(both['spec']).toEqual(containers({ name: 'a', image: 'i', env }, { name: 'b' }));
    expect(taken(applied(SETS, both, {}, 'two'))['spec']).toEqual(first['spec']);
  });

  test('server-side apply - takes a port without protocol for TCP', () => {
    const first = taken(
      applied(SETS, undefined, containers({ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }), 'one'),
    );
    const again = taken(
      applied(SETS, first, containers({ name: 'a', ports: [{ containerPort: 80, name: 'http' }] }), 'two'),
    );
    expect(again['spec']).toEqual(
      containers({ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }] }),
    );
  });

  test('server-side apply - gives a route of a topic map to each of two managers and takes it back', () => {
    const route = (name: string) => ({ name, source: name });
    const first = taken(applied(MAPS, undefined, { routes: [route('a')] }, 'one'));
    const both = taken(applied(MAPS, first, { routes: [route('b')] }, 'two'));
    expect(both['spec']).toEqual({ routes: [route('a'), route('b')] });
    expect(taken(applied(MAPS, both, { routes: [] }, 'one'))['spec']).toEqual({ routes: [route('b')] });
  });

  test('server-side apply - replaces a list without keys as one', () => {
    const first = taken(applied(SETS, undefined, containers({ name: 'a', args: ['x', 'y'] }), 'one'));
    expect(applied(SETS, first, containers({ name: 'a', args: ['z'] }), 'two')).toMatchObject({
      kind: 'conflict',
      conflicts: [{ fields: ['.spec.template.spec.containers[name="a"].args'] }],
    });
  });
});

const NAMES = fc.constantFrom('a', 'b', 'c', 'd');
const TREES = fc.letrec<{ tree: Fields; value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.string(),
    fc.array(fc.integer(), { maxLength: 3 }),
    tie('tree'),
  ),
  tree: fc.dictionary(NAMES, tie('value'), { maxKeys: 3, noNullPrototype: true }),
})).tree;

function renamed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [`${name}2`, renamed(field)]));
}

describe('laws', () => {
  property.prop([TREES, TREES])('server-side apply - changes nothing when the same is applied again', (one, two) => {
    const first = taken(applied(SETS, undefined, one, 'one'));
    const both = applied(SETS, first, renamed(two) as Fields, 'two');
    const object = taken(both);
    expect(taken(applied(SETS, object, one, 'one'))).toEqual(object);
    expect(taken(applied(SETS, object, renamed(two) as Fields, 'two'))).toEqual(object);
  });

  property.prop([TREES, TREES])(
    'server-side apply - never sees a conflict between managers of different fields',
    (one, two) => {
      const first = taken(applied(SETS, undefined, { mine: one }, 'one'));
      expect(applied(SETS, first, { yours: two }, 'two').kind).toBe('applied');
    },
  );

  property.prop([TREES, TREES])(
    'server-side apply - leaves what the others own when a manager takes all of its own away',
    (one, two) => {
      const first = taken(applied(SETS, undefined, { common: 1, mine: one }, 'one'));
      const both = taken(applied(SETS, first, { common: 1, yours: two }, 'two'));
      const left = taken(applied(SETS, both, { common: 1 }, 'two'));
      expect(left['spec']).toEqual(first['spec']);
    },
  );

  property.prop([TREES])('field sets - are the same after they were written to managedFields', (tree) => {
    const set = new Set(leavesOf(tree, shapeOf(SETS)).keys());
    expect(fromFieldsV1(toFieldsV1(set))).toEqual(set);
  });
});
