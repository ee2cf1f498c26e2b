import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planConnector } from '../../../../shared/plan/plan.ts';
import type { Plan } from '../../../../shared/plan/types.ts';
import type { ConnectorInput } from '../../../../shared/resources/connector.ts';
import type { RouteInput } from '../../../../shared/resources/topic-map.ts';
import { filtersIntersect } from '../../../../shared/topic/filter.ts';
import { sampleConnector, sampleMap } from '../sample.ts';

const shared = (count: number) => ({ groupMinimumShareNumber: count, groupName: 'g' });
const up = (name: string, more: Partial<RouteInput> = {}): RouteInput => ({
  direction: 'local-to-remote',
  name,
  source: name,
  ...more,
});
const down = (name: string, more: Partial<RouteInput> = {}): RouteInput => ({
  ...up(name, more),
  direction: 'remote-to-local',
});

function plan(routes: RouteInput[], spec: Partial<ConnectorInput['spec']> = {}, extensionResourceId?: string): Plan {
  return planConnector({ connector: sampleConnector(spec), topicMaps: [sampleMap(routes)] }, { extensionResourceId });
}

const managed: Partial<ConnectorInput['spec']> = {
  remoteBrokerConnection: {
    endpoint: 'x.y-1.ts.eventgrid.azure.net:8883',
    tls: { tlsEnabled: true },
    authentication: { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
  },
};

describe('a plan', () => {
  it('gives each route its own two sessions', () => {
    const { sessions, lanes } = plan([up('a'), down('b', { target: 'c' })], { clientIdPrefix: 'site-' });
    expect(sessions.map(({ key }) => key).sort()).toEqual([
      'local/site-a',
      'local/site-b',
      'remote/site-a',
      'remote/site-b',
    ]);
    expect(lanes).toMatchObject([
      { key: 'map/a', slot: 0, subscription: 'a', source: 'local/site-a', target: 'remote/site-a' },
      { key: 'map/b', slot: 0, subscription: 'b', source: 'remote/site-b', target: 'local/site-b' },
    ]);
  });

  it('makes one lane per client of a shared subscription, whatever the number of instances', () => {
    for (const bridgeInstances of [1, 2, 5]) {
      const { lanes } = plan([up('a', { sharedSubscription: shared(3) })], { bridgeInstances });
      expect(lanes.map(({ key, share, subscription, source }) => [key, share, subscription, source])).toEqual([
        ['map/a/0', 0, '$share/g/a', 'local/a-0'],
        ['map/a/1', 1, '$share/g/a', 'local/a-1'],
        ['map/a/2', 2, '$share/g/a', 'local/a-2'],
      ]);
    }
  });

  it('has one remote session per slot with a managed identity, named from the extension', () => {
    const routes = ['a', 'b', 'c', 'd', 'e'].flatMap((name) => [up(name), down(`${name}x`)]);
    const { sessions } = plan(routes, { ...managed, bridgeInstances: 3 }, '/arc/mq');
    const remote = sessions
      .filter(({ side }) => side === 'remote')
      .map(({ clientId, slot }) => `${clientId} in ${slot}`);
    expect(remote.sort()).toEqual(['/arc/mq/bridge-0 in 0', '/arc/mq/bridge-1 in 1', '/arc/mq/bridge-2 in 2']);
    const local = sessions.filter(({ side }) => side === 'local').map(({ clientId }) => clientId);
    expect(local.sort()).toEqual(['a', 'b', 'bridge-0', 'bridge-1', 'bridge-2', 'c', 'd', 'e']);
  });

  it('gives overlapping remote sources of one slot sessions of their own', () => {
    const { lanes } = plan(
      [down('a/#', { name: 'r1' }), down('a/b', { name: 'r2' }), down('c', { name: 'r3' }), up('u')],
      managed,
    );
    expect(lanes.map(({ source, target }) => [source, target].find((key) => key.startsWith('remote/')))).toEqual([
      'remote/bridge-0',
      'remote/bridge-0-2',
      'remote/bridge-0',
      'remote/bridge-0',
    ]);
  });

  it('ignores the extension when there is no managed identity', () => {
    const { sessions } = plan([up('a')], { remoteSessions: 'perInstance', clientIdPrefix: 'p' }, '/arc/mq');
    expect(sessions.map(({ key }) => key)).toContain('remote/p-bridge-0');
  });

  it('has no lanes without instances', () => {
    expect(plan([up('a')], { bridgeInstances: 0 })).toMatchObject({ slots: 0, lanes: [], sessions: [] });
  });
});

const source = fc.constantFrom('a', 'b', 'a/+', 'a/#', '+', '#', 'c/d');
const routes = fc
  .array(fc.record({ out: fc.boolean(), source, shares: fc.option(fc.integer({ min: 1, max: 4 })) }), { maxLength: 12 })
  .map((list) =>
    list.map(
      ({ out, source, shares }, index): RouteInput => ({
        direction: out ? 'local-to-remote' : 'remote-to-local',
        name: `route${index}`,
        source,
        ...(shares === null ? {} : { sharedSubscription: shared(shares) }),
      }),
    ),
  );
const remoteSessions = fc.constantFrom<'perInstance' | 'perRoute'>('perInstance', 'perRoute');
const bridgeInstances = fc.integer({ min: 1, max: 5 });

describe('every plan', () => {
  it('names sessions that exist, belong to the slot of their lane, and are read by sources that do not overlap', () => {
    fc.assert(
      fc.property(routes, remoteSessions, bridgeInstances, (list, mode, instances) => {
        const { sessions, lanes } = plan(list, { remoteSessions: mode, bridgeInstances: instances });
        const byKey = new Map(sessions.map((session) => [session.key, session]));
        expect(byKey.size).toBe(sessions.length);
        for (const lane of lanes) {
          for (const key of [lane.source, lane.target]) expect(byKey.get(key)?.slot).toBe(lane.slot);
          // A session that goes where the route goes takes what its broker holds along; see ADR 0008.
          const [source, target] = [byKey.get(lane.source), byKey.get(lane.target)];
          if (target?.namedBy === 'route') expect(source?.namedBy).toBe('route');
          expect(lane.slot).toBeLessThan(instances);
        }
        for (const [index, lane] of lanes.entries()) {
          const mates = lanes.slice(index + 1).filter((other) => other.source === lane.source);
          for (const mate of mates) expect(filtersIntersect(mate.route.source, lane.route.source)).toBe(false);
        }
        expect(new Set(lanes.map(({ key }) => key)).size).toBe(lanes.length);
        expect(lanes).toHaveLength(
          list.reduce((sum, { sharedSubscription }) => sum + (sharedSubscription?.groupMinimumShareNumber ?? 1), 0),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('is the same for every instance and renames no session when a route is added', () => {
    fc.assert(
      fc.property(routes, remoteSessions, bridgeInstances, (list, mode, instances) => {
        const spec = { remoteSessions: mode, bridgeInstances: instances };
        const before = plan(list, spec);
        expect(plan(list, spec)).toEqual(before);
        const after = plan([...list, up('added')], spec);
        const named = (one: Plan) => one.sessions.filter(({ namedBy }) => namedBy === 'route').map(({ key }) => key);
        expect(named(after)).toEqual(expect.arrayContaining(named(before)));
        if (mode === 'perRoute') {
          const keys = new Set(after.sessions.map(({ key }) => key));
          for (const { key } of before.sessions) expect(keys).toContain(key);
        }
      }),
      { numRuns: 200 },
    );
  });
});
