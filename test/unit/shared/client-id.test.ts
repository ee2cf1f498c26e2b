import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { routeClientId, slotClientId } from '../../../shared/client-id.ts';

it.each([
  ['client-', 'route1', undefined, 'client-route1'],
  ['client', 'route1', undefined, 'client-route1'],
  ['', 'route1', undefined, 'route1'],
  ['client--', 'route1', 2, 'client-route1-2'],
  ['', 'route1', 0, 'route1-0'],
])('route client ID of prefix "%s", route %s, share %s is %s', (prefix, name, share, expected) => {
  expect(routeClientId(prefix, name, share)).toBe(expected);
});

describe('slot client IDs', () => {
  const extensionResourceId = `/subscriptions/${'0'.repeat(36)}/resourceGroups/rg/providers/Microsoft.Kubernetes/connectedClusters/c/providers/Microsoft.KubernetesConfiguration/extensions/mq`;

  it('name the connector and the slot', () => {
    expect(slotClientId({ clientIdPrefix: 'site-', connector: 'c', slot: 3 })).toBe('site-c-3');
    expect(slotClientId({ clientIdPrefix: '', connector: 'c', slot: 0, further: 2 })).toBe('c-0-2');
    expect(slotClientId({ clientIdPrefix: 'unused', connector: 'c', slot: 1, extensionResourceId: '/x' })).toBe(
      '/x/c-1',
    );
  });

  it('keep to 128 characters and stay different where extension, connector or slot differ', () => {
    const ids = ['a', 'b'].flatMap((connector) =>
      [0, 1, 65_534].flatMap((slot) =>
        [extensionResourceId, `${extensionResourceId}2`].map((id) =>
          slotClientId({ clientIdPrefix: '', connector, slot, extensionResourceId: id }),
        ),
      ),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(Math.max(...ids.map((id) => id.length))).toBe(128);
  });

  it('never exceed 128 characters', () => {
    const text = fc.string({ maxLength: 300 });
    fc.assert(
      fc.property(text, text, fc.nat(65_534), (id, connector, slot) => {
        expect(
          slotClientId({ clientIdPrefix: '', connector, slot, extensionResourceId: id }).length,
        ).toBeLessThanOrEqual(128);
      }),
    );
  });
});
