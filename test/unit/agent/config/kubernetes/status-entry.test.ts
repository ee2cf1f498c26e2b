import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  type EntryAbout,
  entryDigest,
  hasBacklogMoved,
  instanceEntry,
} from '../../../../../agent/config/kubernetes/status-entry.ts';
import type { AgentSnapshot, FaultSnapshot, SessionSnapshot } from '../../../../../agent/observe/snapshot.ts';
import type { Problem } from '../../../../../shared/problem.ts';
import { connectorStatusSchema, type InstanceStatus } from '../../../../../shared/resources/status.ts';
import { countsOf, routeOf, sessionOf, snapshotOf } from '../../observe/snapshot-of.ts';

const NOW = Date.parse('2026-06-01T12:00:00.500Z');
const ABOUT: EntryAbout = { instance: '0', runs: 3, judged: 3, stopping: false, former: undefined, now: NOW };
const PROBLEM: Problem = {
  rule: 'TM004',
  severity: 'error',
  file: 'MqttBridgeTopicMap/plant/map',
  line: 0,
  column: 0,
  path: 'spec.routes[0].target',
  message: 'wildcards are not allowed',
  advice: 'leave target out',
};
const FAULT: FaultSnapshot = { reason: 'ConnectionRefused', message: 'Nobody listens.', fix: 'start the broker' };
const SECRET = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl';

const down = (fault: FaultSnapshot): SessionSnapshot => sessionOf({ side: 'remote', state: 'waiting', fault });
const entryOf = (changes: Partial<AgentSnapshot> = {}, about: Partial<EntryAbout> = {}) =>
  instanceEntry(snapshotOf(changes), { ...ABOUT, ...about });
const said = ({ conditions = [] }: InstanceStatus) =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status}/${reason}`]));
const rejected = (problems: readonly Problem[]) => ({
  config: { revision: 'r1', generation: 1, rejectedTotal: 1, rejected: { revision: 'x', at: '', problems } },
});

describe('the entry of an instance', () => {
  test('that does well', () => {
    expect(entryOf()).toEqual({
      instance: '0',
      version: '1.2.3',
      observedGeneration: 3,
      revision: 'r1',
      backlog: 1,
      routes: { total: 1, ready: 1 },
      conditions: expect.any(Array),
    });
    expect(said(entryOf())).toEqual({
      Accepted: 'True/Accepted',
      LocalConnected: 'True/Connected',
      RemoteConnected: 'True/Connected',
      CredentialsValid: 'True/CredentialsValid',
      Ready: 'True/Ready',
    });
  });

  const { revision: _, ...nothing } = snapshotOf().config;
  const conflict = { ...FAULT, reason: 'ClientIdConflict' };
  const peers = [{ instance: 1, slots: [0], alive: true, silentSeconds: 0, agrees: true }];
  const instances = { instance: 0, standing: 'joined', slots: [], total: 1, peers, adoptions: 0 } as const;
  test.each<[string, Partial<AgentSnapshot>, Partial<EntryAbout>, Record<string, string>]>([
    [
      'has no definition',
      { config: nothing, sessions: [], routes: [] },
      {},
      { Accepted: 'Unknown/NotStarted', Ready: 'False/NotStarted' },
    ],
    [
      'has no routes',
      { sessions: [], routes: [] },
      {},
      { LocalConnected: 'Unknown/NoRoutes', Ready: 'False/NoRoutes' },
    ],
    [
      'has not been heard at the local broker yet',
      { sessions: [], routes: [], instances: { ...instances, standing: 'apart' } },
      {},
      { LocalConnected: 'Unknown/Connecting', CredentialsValid: 'Unknown/Connecting', Ready: 'False/Connecting' },
    ],
    [
      'cannot reach the local broker',
      { sessions: [], routes: [], instances: { ...instances, standing: 'apart', fault: FAULT } },
      {},
      {
        LocalConnected: 'False/ConnectionRefused',
        RemoteConnected: 'Unknown/Connecting',
        CredentialsValid: 'Unknown/Connecting',
        Ready: 'False/ConnectionRefused',
      },
    ],
    [
      'is not let in by the local broker',
      {
        sessions: [],
        routes: [],
        instances: { ...instances, standing: 'apart', fault: { ...FAULT, reason: 'NotAuthorized' } },
      },
      {},
      { LocalConnected: 'False/NotAuthorized', CredentialsValid: 'False/NotAuthorized', Ready: 'False/NotAuthorized' },
    ],
    ['is spare', { sessions: [], routes: [], instances }, {}, { RemoteConnected: 'True/Spare', Ready: 'True/Spare' }],
    ['connects', { sessions: [sessionOf({ state: 'connecting' })] }, {}, { LocalConnected: 'Unknown/Connecting' }],
    [
      'has lost a broker',
      { sessions: [sessionOf(), down(FAULT)], routes: [routeOf({ lanes: { total: 1, ready: 0 } })] },
      {},
      {
        RemoteConnected: 'False/ConnectionRefused',
        CredentialsValid: 'True/CredentialsValid',
        Ready: 'False/RoutesNotReady',
      },
    ],
    [
      'is not let in',
      { sessions: [sessionOf(), down({ ...FAULT, reason: 'NotAuthorized' })] },
      {},
      { CredentialsValid: 'False/NotAuthorized' },
    ],
    [
      'misses a Secret',
      { sessions: [down({ ...FAULT, reason: 'FileMissing' })] },
      {},
      { CredentialsValid: 'False/FileMissing' },
    ],
    [
      'cannot use a newer certificate',
      { certificates: [{ side: 'remote', secret: 's', notAfter: 1, daysLeft: 1, rejected: 'KeyMismatch' }] },
      {},
      { CredentialsValid: 'True/RenewalFailed' },
    ],
    [
      'has a rival',
      { sessions: [sessionOf({ clientIdConflict: conflict })] },
      {},
      { ClientIdConflict: 'True/ClientIdConflict' },
    ],
    ['is told to end', {}, { stopping: true }, { Ready: 'False/Stopping', RemoteConnected: 'True/Connected' }],
    ['refused a definition', rejected([PROBLEM]), {}, { Accepted: 'False/Invalid', Ready: 'True/Ready' }],
  ])('that %s', (_name, changes, about, expected) => {
    expect(said(entryOf(changes, about))).toMatchObject(expected);
  });

  test('names rule, resource, path and advice of what it refused', () => {
    const entry = entryOf(rejected([PROBLEM, { ...PROBLEM, severity: 'warning' }]), { judged: 4 });
    expect(entry.conditions?.[0]).toMatchObject({
      observedGeneration: 4,
      message:
        'TM004 MqttBridgeTopicMap/plant/map spec.routes[0].target: wildcards are not allowed Try: leave target out. What ran before goes on.',
    });
    expect(entry).toMatchObject({ observedGeneration: 3, revision: 'r1' });
  });

  test('names routes that pass nothing, and the best reason there is', () => {
    const lanes = { total: 2, ready: 1 };
    const routes = [
      routeOf(),
      routeOf({ route: 'a', lanes, fault: { reason: 'TopicFilterInvalid', message: 'no' } }),
      routeOf({ route: 'b', refusal: { reason: 'QuotaExceeded', message: 'full' } }),
      routeOf({ route: 'c', lanes }),
    ];
    const entry = entryOf({ sessions: [sessionOf(), down(FAULT)], routes });
    expect(entry.routes).toEqual({ total: 4, ready: 1 });
    expect(entry.unready).toEqual([
      { topicMap: 'map', route: 'a', reason: 'TopicFilterInvalid', message: 'no' },
      { topicMap: 'map', route: 'b', reason: 'QuotaExceeded', message: 'full' },
      { topicMap: 'map', route: 'c', reason: 'ConnectionRefused', message: 'Nobody listens. Try: start the broker' },
    ]);
  });

  test('changes the time of a condition with its status only', () => {
    const first = entryOf();
    const later = { former: first, now: NOW + 60_000 };
    expect(entryOf({}, later).conditions).toEqual(first.conditions);
    const sessions = [sessionOf(), down(FAULT)];
    const times = entryOf({ sessions }, later).conditions?.map(({ type, lastTransitionTime }) => [
      type,
      lastTransitionTime,
    ]);
    expect(times).toContainEqual(['RemoteConnected', '2026-06-01T12:01:00Z']);
    expect(times).toContainEqual(['LocalConnected', '2026-06-01T12:00:00Z']);
  });

  test('does not take a time back when the clock is set back', () => {
    const former = entryOf();
    const sessions = [sessionOf(), down(FAULT)];
    const { conditions = [] } = entryOf({ sessions }, { former, now: NOW - 3_600_000 });
    for (const { lastTransitionTime } of conditions) expect(lastTransitionTime).toBe('2026-06-01T12:00:00Z');
  });
});

const TEXT = fc.oneof(
  fc.string({ maxLength: 50 }),
  fc.constantFrom(`password=canary`, `token ${SECRET}`, 'x'.repeat(5_000), '\u0000\ud800\n', 'é'.repeat(2_000)),
);
const FAULTS: fc.Arbitrary<FaultSnapshot> = fc.record(
  { reason: fc.oneof(fc.constantFrom('NotAuthorized', 'DnsFailed'), fc.string()), message: TEXT, fix: TEXT },
  { requiredKeys: ['reason', 'message'] },
);
const SNAPSHOTS: fc.Arbitrary<AgentSnapshot> = fc
  .record({
    sessions: fc.array(fc.tuple(fc.constantFrom('connected', 'waiting', 'connecting'), fc.option(FAULTS)), {
      maxLength: 3,
    }),
    routes: fc.nat(400),
    why: fc.option(FAULTS),
    problems: fc.array(fc.tuple(TEXT, TEXT), { maxLength: 6 }),
    refused: fc.boolean(),
    started: fc.boolean(),
  })
  .map(({ sessions, routes, why, problems, refused, started }) => {
    const config = { generation: 1, rejectedTotal: 0, ...(started && { revision: 'r'.repeat(100) }) };
    const found = problems.map(([message, path]) => ({ ...PROBLEM, message, path }));
    return snapshotOf({
      config: { ...config, ...(refused && { rejected: { revision: 'x', at: '', problems: found } }) },
      sessions: sessions.map(([state, fault], index) =>
        sessionOf({ side: index % 2 ? 'local' : 'remote', state, ...(fault && { fault, clientIdConflict: fault }) }),
      ),
      routes: Array.from({ length: routes }, (_, index) =>
        routeOf({ route: `r${index}`, lanes: { total: 1, ready: index % 2 }, ...(why && { fault: why }) }),
      ),
    });
  });

describe('every entry', () => {
  test.prop([SNAPSHOTS], { numRuns: 100 })(
    'is one that the API server takes, bounded, and without a secret',
    (snapshot) => {
      const entry = instanceEntry(snapshot, ABOUT);
      const text = JSON.stringify(entry);
      expect(connectorStatusSchema.parse({ instances: [entry] })).toEqual({ instances: [entry] });
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(32 * 1024);
      expect(text).not.toMatch(/canary|c2lnbmF0dXJl/);
      expect(entry.routes?.ready).toBeLessThanOrEqual(entry.routes?.total ?? 0);
      expect(entry.unready?.length ?? 0).toBeLessThanOrEqual(100);
    },
  );

  test.prop([SNAPSHOTS, fc.nat(1_000), fc.nat()], { numRuns: 50 })(
    'is worth no write for messages that pass, for time, or for coming back from the API server',
    (snapshot, inflight, later) => {
      const former = instanceEntry(snapshot, ABOUT);
      const busy = {
        ...snapshot,
        routes: snapshot.routes.map((route) => ({ ...route, counters: countsOf({ inflight }) })),
      };
      const entry = instanceEntry(busy, { ...ABOUT, former, now: NOW + later });
      expect(entryDigest(entry)).toBe(entryDigest(former));
      const back = { ...former, conditions: former.conditions?.toReversed() };
      expect(entryDigest(JSON.parse(JSON.stringify(back)))).toBe(entryDigest(former));
    },
  );

  test('names as many routes whatever the backlog is, also where not all fit', () => {
    const fault = { reason: 'NotAuthorized', message: 'é'.repeat(140) };
    const lengths = Array.from({ length: 80 }, (_, step) => {
      const [one, other] = [1, 10_000_000].map((inflight) => {
        const counters = countsOf({ inflight });
        const named = (name: string) => routeOf({ route: name, lanes: { total: 1, ready: 0 }, fault, counters });
        const grown = [Math.min(step, 40), Math.max(0, step - 40)].map((times) => named('x'.repeat(1 + 5 * times)));
        return entryOf({ routes: [...grown, ...Array.from({ length: 200 }, () => named('up'))] }).unready?.length;
      });
      return [one, other] as const;
    });
    expect(lengths.filter(([one, other]) => one !== other)).toEqual([]);
    expect(lengths.at(-1)?.[0]).toBeLessThan(100);
  });

  test.prop([SNAPSHOTS, SNAPSHOTS], { numRuns: 50 })('is worth a write when a status is another one', (one, other) => {
    const [before, after] = [instanceEntry(one, ABOUT), instanceEntry(other, ABOUT)];
    const same = JSON.stringify(said(before)) === JSON.stringify(said(after));
    if (!same) expect(entryDigest(after)).not.toBe(entryDigest(before));
  });
});

describe('a backlog', () => {
  test.each([
    [0, 0, false],
    [0, 999, false],
    [0, 1_000, true],
    [200, 999, false],
    [500, 1_999, false],
    [500, 2_000, true],
    [2_000, 501, false],
    [2_000, 500, true],
    [7, 0, true],
  ])('of %i that was told and %i now is worth a write: %s', (told, now, expected) => {
    expect(hasBacklogMoved(told, now)).toBe(expected);
  });

  test.prop([fc.array(fc.integer({ min: 1_000, max: 3_999 }), { minLength: 1 })])(
    'that goes up and down within a factor of four is told once',
    (samples) => {
      let told = 0;
      let writes = 0;
      for (const now of samples) {
        if (!hasBacklogMoved(told, now)) continue;
        told = now;
        writes++;
      }
      expect(writes).toBe(1);
    },
  );
});
