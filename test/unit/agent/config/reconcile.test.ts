import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Deployment, reconcile, type Reconciliation } from '../../../../agent/config/reconcile.ts';
import { planConnector } from '../../../../shared/plan/plan.ts';
import { connectorSchema } from '../../../../shared/resources/connector.ts';
import { topicMapSchema } from '../../../../shared/resources/topic-map.ts';

const apiVersion = 'mq.iotoperations.azure.com/v1beta1';

interface Settings {
  readonly endpoint: string;
  readonly instances: number;
  readonly keepAliveSeconds: number;
  readonly logLevel: 'info' | 'debug';
  readonly remoteSessions: 'perInstance' | 'perRoute';
  readonly routes: readonly RouteSettings[];
}

interface RouteSettings {
  readonly name: string;
  readonly source: string;
  readonly target?: string | undefined;
  readonly qos: 0 | 1 | 2;
  readonly direction: 'local-to-remote' | 'remote-to-local';
  readonly share?: number | undefined;
}

const base: Settings = {
  endpoint: 'remote:1883',
  instances: 1,
  keepAliveSeconds: 60,
  logLevel: 'info',
  remoteSessions: 'perRoute',
  routes: [
    { name: 'a', source: 'a/#', qos: 1, direction: 'local-to-remote' },
    { name: 'b', source: 'b/#', qos: 1, direction: 'remote-to-local' },
  ],
};

function deploymentOf(settings: Settings): Deployment {
  const connector = connectorSchema.parse({
    apiVersion,
    kind: 'MqttBridgeConnector',
    metadata: { name: 'bridge' },
    spec: {
      bridgeInstances: settings.instances,
      logLevel: settings.logLevel,
      session: { keepAliveSeconds: settings.keepAliveSeconds },
      remoteSessions: settings.remoteSessions,
      remoteBrokerConnection: {
        endpoint: settings.endpoint,
        tls: { tlsEnabled: false },
        authentication: { anonymous: {} },
      },
    },
  });
  const topicMap = topicMapSchema.parse({
    apiVersion,
    kind: 'MqttBridgeTopicMap',
    metadata: { name: 'map' },
    spec: {
      mqttBridgeConnectorRef: 'bridge',
      routes: settings.routes.map(({ share, target, ...route }) => ({
        ...route,
        ...(target === undefined ? {} : { target }),
        ...(share === undefined ? {} : { sharedSubscription: { groupMinimumShareNumber: share, groupName: 'g' } }),
      })),
    },
  });
  return { connector, plan: planConnector({ connector, topicMaps: [topicMap] }) };
}

const route = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd'),
  source: fc.constantFrom('x/#', 'y', 'x/+'),
  target: fc.option(fc.constantFrom('t', 'u'), { nil: undefined }),
  qos: fc.constantFrom(0, 1, 2),
  direction: fc.constantFrom('local-to-remote', 'remote-to-local'),
  share: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
});
const deployment = fc
  .record({
    endpoint: fc.constantFrom('one:1883', 'two:1883'),
    instances: fc.integer({ min: 1, max: 3 }),
    keepAliveSeconds: fc.constantFrom(30, 60),
    logLevel: fc.constantFrom('info', 'debug'),
    remoteSessions: fc.constantFrom('perInstance', 'perRoute'),
    routes: fc.uniqueArray(route, { selector: ({ name }) => name, maxLength: 4 }),
  })
  .map(deploymentOf);
const perhaps = fc.option(deployment, { nil: undefined });

const keysOf = (changes: Reconciliation['lanes'] | Reconciliation['sessions'], list: 'keep' | 'start' | 'stop') =>
  changes[list].map(({ key }) => key);

describe('reconcile', () => {
  test.prop([perhaps, perhaps])('turns what runs into what is wanted', (running, wanted) => {
    const result = reconcile(running, wanted);
    for (const kind of ['sessions', 'lanes'] as const) {
      const state = new Map<string, unknown>((running?.plan[kind] ?? []).map((part) => [part.key, part]));
      for (const part of result[kind].keep) {
        // A kept part may change its slot and nothing else.
        expect({ ...part, slot: 0 }).toEqual({ ...(state.get(part.key) as object), slot: 0 });
        state.set(part.key, part);
      }
      for (const part of result[kind].stop) expect(state.delete(part.key)).toBe(true);
      for (const { from, to } of result[kind].replace) {
        expect(state.get(from.key)).toEqual(from);
        state.set(to.key, to);
      }
      for (const part of result[kind].start) {
        expect(state.has(part.key)).toBe(false);
        state.set(part.key, part);
      }
      expect(state).toEqual(new Map((wanted?.plan[kind] ?? []).map((part) => [part.key, part])));
    }
  });

  test.prop([perhaps, perhaps])('puts every key into exactly one list', (running, wanted) => {
    const result = reconcile(running, wanted);
    for (const kind of ['sessions', 'lanes'] as const) {
      const changes = result[kind];
      const keys = [
        ...keysOf(changes, 'keep'),
        ...keysOf(changes, 'start'),
        ...keysOf(changes, 'stop'),
        ...changes.replace.map(({ to }) => to.key),
      ];
      const all = [...(running?.plan[kind] ?? []), ...(wanted?.plan[kind] ?? [])].map(({ key }) => key);
      expect(keys.sort()).toEqual([...new Set(all)].sort());
    }
  });

  test.prop([deployment])('keeps everything when nothing differs', (same) => {
    const { sessions, lanes } = reconcile(same, structuredClone(same));
    expect(sessions.keep).toEqual(same.plan.sessions);
    expect(lanes.keep).toEqual(same.plan.lanes);
  });

  test.prop([deployment, deployment])('keeps a lane only on sessions that are kept', (running, wanted) => {
    const { sessions, lanes } = reconcile(running, wanted);
    const kept = new Set(keysOf(sessions, 'keep'));
    for (const lane of lanes.keep) expect([kept.has(lane.source), kept.has(lane.target)]).toEqual([true, true]);
    for (const { to, sessionsKept } of lanes.replace) expect(sessionsKept && !kept.has(to.source)).toBe(false);
  });

  test('moves a retargeted route without touching its sessions, nor any other route', () => {
    const [first, second] = base.routes;
    const wanted = { ...base, routes: [{ ...first, target: 'moved' }, second] };
    const { sessions, lanes } = reconcile(deploymentOf(base), deploymentOf(wanted));
    expect(sessions.keep).toHaveLength(4);
    expect(keysOf(lanes, 'keep')).toEqual(['map/b']);
    expect(lanes.replace.map(({ to, sessionsKept }) => [to.key, sessionsKept])).toEqual([['map/a', true]]);
  });

  test('stops and starts a renamed route, whose client IDs change with it', () => {
    const [first, second] = base.routes;
    const wanted = { ...base, routes: [{ ...first, name: 'new' }, second] };
    const { lanes } = reconcile(deploymentOf(base), deploymentOf(wanted));
    expect([keysOf(lanes, 'start'), keysOf(lanes, 'stop'), keysOf(lanes, 'keep')]).toEqual([
      ['map/new'],
      ['map/a'],
      ['map/b'],
    ]);
  });

  test('replaces only the sessions of the side whose endpoint changed', () => {
    const { sessions, lanes } = reconcile(deploymentOf(base), deploymentOf({ ...base, endpoint: 'other:1883' }));
    expect(new Set(sessions.replace.map(({ to }) => to.side))).toEqual(new Set(['remote']));
    expect(new Set(sessions.keep.map(({ side }) => side))).toEqual(new Set(['local']));
    expect(lanes.replace.map(({ sessionsKept }) => sessionsKept)).toEqual([false, false]);
  });

  test('reconnects nothing when the work is spread over more slots', () => {
    const { sessions, lanes } = reconcile(deploymentOf(base), deploymentOf({ ...base, instances: 3 }));
    expect([sessions.keep.length, lanes.keep.length]).toEqual([4, 2]);
  });

  test('ignores what no session and no lane depends on', () => {
    const { sessions, lanes } = reconcile(deploymentOf(base), deploymentOf({ ...base, logLevel: 'debug' }));
    expect([sessions.keep.length, lanes.keep.length]).toEqual([4, 2]);
  });

  test('starts everything at first and stops everything at last', () => {
    const some = deploymentOf(base);
    expect(reconcile(undefined, some).lanes.start).toEqual(some.plan.lanes);
    expect(reconcile(some, undefined).sessions.stop).toEqual(some.plan.sessions);
  });
});
