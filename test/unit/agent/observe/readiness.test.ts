import { describe, expect, test } from 'vitest';
import { judgeReadiness, readinessText } from '../../../../agent/observe/readiness.ts';
import { apiServerOf, controlPlaneOf, routeOf, sessionOf, snapshotOf } from './snapshot-of.ts';

const refused = sessionOf({
  side: 'remote',
  state: 'waiting',
  fault: { reason: 'ConnectionRefused', message: 'nobody listens at example.net:8883' },
});
const problem = {
  rule: 'TM004',
  severity: 'error',
  file: 'map.yaml',
  line: 1,
  column: 1,
  path: 'spec.routes[0].target',
  message: 'wildcards are not allowed',
  advice: 'leave target out',
} as const;

describe('readiness', () => {
  test.each([
    ['a configuration and a running route', snapshotOf(), true],
    ['no configuration yet', snapshotOf({ config: { generation: 0, rejectedTotal: 0 } }), false],
    ['no route', snapshotOf({ routes: [] }), false],
    ['routes that all wait', snapshotOf({ routes: [routeOf({ lanes: { total: 2, ready: 0 } })] }), false],
    ['one lane of two', snapshotOf({ routes: [routeOf({ lanes: { total: 2, ready: 1 } })] }), true],
    ['one route of two', snapshotOf({ routes: [routeOf({ lanes: { total: 1, ready: 0 } }), routeOf()] }), true],
    [
      'a good configuration in force although a newer one was refused',
      snapshotOf({
        config: { revision: 'r1', generation: 1, rejectedTotal: 1, rejected: { revision: 'r2', at: '', problems: [] } },
      }),
      true,
    ],
    [
      'a control plane that does not answer',
      snapshotOf({
        controlPlane: controlPlaneOf({ up: false, fault: { reason: 'ControlPlaneTimeout', message: '' } }),
      }),
      true,
    ],
  ])('with %s', (_name, snapshot, ready) => {
    expect(judgeReadiness(snapshot).ready).toBe(ready);
  });
});

describe('readiness text', () => {
  test('says ok line by line', () => {
    expect(readinessText(judgeReadiness(snapshotOf()))).toBe(
      '[+]config ok\n[+]local ok\n[+]remote ok\n[+]route map/up ok\nreadyz check passed\n',
    );
  });

  test('names the reasons of what is not ok', () => {
    const snapshot = snapshotOf({
      config: { generation: 0, rejectedTotal: 1, rejected: { revision: 'r2', at: '', problems: [problem] } },
      sessions: [sessionOf(), refused, refused],
      routes: [routeOf({ lanes: { total: 1, ready: 0 } })],
      certificates: [
        { side: 'remote', secret: 'client', notAfter: 1, daysLeft: -1, rejected: 'key does not fit certificate' },
      ],
    });
    expect(readinessText(judgeReadiness(snapshot)).split('\n')).toEqual([
      '[-]config failed: revision r2 was refused, none is in force; TM004 spec.routes[0].target: wildcards are not allowed',
      '[+]local ok',
      '[-]remote failed: 0 of 2 sessions connected; ConnectionRefused: nobody listens at example.net:8883',
      '[-]certificate remote/client failed: newest pair not in use: key does not fit certificate',
      '[-]route map/up failed: 0 of 1 lanes ready',
      'readyz check failed',
      '',
    ]);
  });

  test('shows cause and fix of every fault, also where the routes run', () => {
    const fault = { reason: 'SessionTakenOver', message: 'Another client.', fix: 'spec.clientIdPrefix: B' };
    const refusal = { reason: 'NotAuthorized', message: 'No role.', fix: 'az role', reasonCode: 135 };
    const snapshot = snapshotOf({
      sessions: [sessionOf(), sessionOf({ key: 'remote/b', side: 'remote', clientIdConflict: fault })],
      routes: [routeOf({ refusal }), routeOf({ route: 'down', fault: refusal, lanes: { total: 1, ready: 0 } })],
    });
    expect(readinessText(judgeReadiness(snapshot)).split('\n').slice(3)).toEqual([
      '[-]ClientIdConflict failed: remote/b; SessionTakenOver: Another client. try: spec.clientIdPrefix: B',
      '[-]route map/up failed: 1 of 1 lanes ready; messages refused: NotAuthorized: No role. try: az role',
      '[-]route map/down failed: 0 of 1 lanes ready; subscription refused: NotAuthorized: No role. try: az role',
      'readyz check passed',
      '',
    ]);
  });

  test('keeps a broker from writing lines of its own', () => {
    const session = sessionOf({
      state: 'waiting',
      fault: { reason: 'NotAuthorized', message: 'no\n[+]remote ok\r\n' },
    });
    const text = readinessText(judgeReadiness(snapshotOf({ sessions: [session, sessionOf({ side: 'remote' })] })));
    expect(text.split('\n').filter((line) => line.startsWith('[+]remote'))).toEqual(['[+]remote ok']);
  });

  test('is bounded when there are many routes', () => {
    const routes = Array.from({ length: 1_000 }, (_, index) => routeOf({ route: `r${index}` }));
    const { checks } = judgeReadiness(snapshotOf({ routes }));
    expect(checks).toHaveLength(204);
    expect(checks.at(-1)).toEqual({ name: '800 more routes', ok: true });
  });
});

describe('the line of the control plane', () => {
  const lineOf = (changes: Parameters<typeof controlPlaneOf>[0]) =>
    readinessText(judgeReadiness(snapshotOf({ controlPlane: controlPlaneOf(changes) }))).split('\n')[1];

  test('is there only where there is one', () => {
    expect(readinessText(judgeReadiness(snapshotOf()))).not.toContain('control-plane');
    expect(lineOf({})).toBe('[+]control-plane ok');
  });

  test('says why it does not answer, since when, and what runs meanwhile', () => {
    const fault = { reason: 'ControlPlaneTimeout', message: 'no answer', fix: 'curl x' };
    expect(lineOf({ up: false, fault, documentFrom: 'disk' })).toBe(
      '[-]control-plane failed: ControlPlaneTimeout: no answer try: curl x; last answer: 2026-01-01T00:01:00.000Z; the document in force is the last good one on disk',
    );
  });

  test('says that there was no answer yet', () => {
    const { answeredAt: _, ...never } = controlPlaneOf({ up: false });
    const text = readinessText(judgeReadiness(snapshotOf({ controlPlane: never })));
    expect(text).toContain('[-]control-plane failed: no answer yet');
  });
});

describe('the line of the API server', () => {
  const lineOf = (changes: Parameters<typeof apiServerOf>[0]) =>
    readinessText(judgeReadiness(snapshotOf({ apiServer: apiServerOf(changes) }))).split('\n')[1];

  test('says why the definition is not followed, since when, and what runs meanwhile', () => {
    expect(lineOf({})).toBe('[+]api-server ok');
    expect(lineOf({ up: false })).toBe('[-]api-server failed: no answer yet');
    const fault = { reason: 'ApiServerUnreachable', message: 'no answer' };
    expect(lineOf({ up: false, fault, documentFrom: 'disk' })).toBe(
      '[-]api-server failed: ApiServerUnreachable: no answer; since 2026-01-01T00:00:00.000Z; the document in force is the last good one on disk',
    );
  });

  test('is no reason to be unready', () => {
    expect(judgeReadiness(snapshotOf({ apiServer: apiServerOf({ up: false }) })).ready).toBe(true);
  });
});
