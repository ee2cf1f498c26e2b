import { describe, expect, test } from 'vitest';
import { buildReport, type ReportHead, stateDigest } from '../../../../../agent/config/control-plane/report.ts';
import type { AgentSnapshot, FaultSnapshot } from '../../../../../agent/observe/snapshot.ts';
import { type AgentReport, agentReportSchema, REPORT_LIMITS } from '../../../../../shared/api/report.ts';
import { countsOf, routeOf, sessionOf, snapshotOf } from '../../observe/snapshot-of.ts';

const HEAD: ReportHead = {
  run: '6f1c2f9e-4a53-4d54-8d5c-3c3a3a0f7a01',
  sequence: 7,
  tag: 't6',
  intervalSeconds: 30,
  answered: undefined,
  document: { revision: 'r1', appliedAt: '2026-01-01T00:00:00.000Z' },
};
const FAULT: FaultSnapshot = { reason: 'NotAuthorized', message: 'no', fix: 'az role', reasonCode: 0x87 };
const SECRET = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl';

function reportOf(snapshot: AgentSnapshot, head: Partial<ReportHead> = {}): AgentReport {
  return agentReportSchema.parse(JSON.parse(buildReport(snapshot, { ...HEAD, ...head }).text));
}

describe('a report', () => {
  test('says what /status says, as the control plane wants it', () => {
    const snapshot = snapshotOf({
      sessions: [sessionOf({ state: 'waiting', fault: FAULT, clientIdConflict: FAULT })],
      routes: [routeOf({ fault: FAULT, refusal: FAULT, counters: countsOf({ dropped: { expired: 3 } }) })],
      certificates: [{ side: 'remote', secret: 'edge', notAfter: 1_800_000_000, daysLeft: 5, rejected: 'bad' }],
      tokens: [{ side: 'local', method: 'K8S-SAT', expiresAt: 1_800_000_000, minutesLeft: 5 }],
      instances: { instance: 1, standing: 'joined', slots: [1, 2], total: 3, peers: [], adoptions: 1 },
    });
    expect(reportOf(snapshot)).toEqual({
      apiVersion: 'mqttbridge/v1',
      kind: 'AgentReport',
      run: HEAD.run,
      startedAt: '2026-01-01T00:00:00.000Z',
      sequence: 7,
      tag: 't6',
      version: '1.2.3',
      intervalSeconds: 30,
      changed: true,
      document: HEAD.document,
      ready: true,
      sessions: [
        {
          key: 'local/gateway-up',
          side: 'local',
          clientId: 'gateway-up',
          endpoint: 'localhost:1883',
          state: 'waiting',
          since: '2026-01-01T00:00:00.000Z',
          fault: FAULT,
          clientIdConflict: FAULT,
        },
      ],
      routes: [
        {
          topicMap: 'map',
          route: 'up',
          direction: 'local-to-remote',
          lanes: { total: 1, ready: 1 },
          fault: FAULT,
          refusal: FAULT,
          received: 10,
          forwarded: 7,
          dropped: { expired: 3 },
          inflight: 1,
        },
      ],
      credentials: [
        { side: 'remote', kind: 'certificate', name: 'edge', expiresAt: 1_800_000_000, rejected: 'bad' },
        { side: 'local', kind: 'token', name: 'K8S-SAT', expiresAt: 1_800_000_000 },
      ],
      instances: { standing: 'joined', slots: [1, 2], total: 3 },
    });
  });

  test('F31 - holds no secret that a broker or a file quoted', () => {
    const fault = { ...FAULT, message: `refused ${SECRET}`, fix: `password=${SECRET}` };
    const problem = { rule: 'BC003', severity: 'error', file: 'a', line: 1, column: 1, path: 'spec' } as const;
    const problems = [{ ...problem, message: SECRET, advice: SECRET }];
    const snapshot = snapshotOf({
      sessions: [sessionOf({ fault, clientIdConflict: fault })],
      routes: [routeOf({ fault, refusal: fault })],
      certificates: [{ side: 'remote', secret: 'edge', notAfter: 1, daysLeft: 5, rejected: SECRET }],
    });
    const rejected = { revision: 'r2', at: '2026-01-01T00:00:00.000Z', problems };
    const { text } = buildReport(snapshot, { ...HEAD, document: { rejected } });
    expect(text).not.toContain('eyJ');
    expect(text).toContain('[redacted]');
  });

  test('stays within the bounds of the schema and below 1 MiB, whatever the agent has', () => {
    const long = 'ä'.repeat(5_000);
    const fault = { reason: long, message: long, fix: long };
    const problem = { rule: long, severity: 'error', file: long, line: 1, column: 1, path: long } as const;
    const problems = Array.from({ length: 200 }, () => ({ ...problem, message: long, advice: long }));
    const snapshot = snapshotOf({
      version: long,
      sessions: Array.from({ length: 3_000 }, () => sessionOf({ key: long, clientId: long, endpoint: long, fault })),
      routes: Array.from({ length: 3_000 }, () => routeOf({ route: long, fault, refusal: fault })),
      certificates: Array.from({ length: 300 }, () => ({ side: 'local', secret: long, notAfter: 1, daysLeft: 1 })),
    });
    const document = { rejected: { revision: 'r2', at: '2026-01-01T00:00:00.000Z', problems } };
    const { text } = buildReport(snapshot, { ...HEAD, document });
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    const { sessions, routes, omitted } = agentReportSchema.parse(JSON.parse(text));
    expect(sessions.length).toBeGreaterThan(10);
    expect(omitted).toEqual({ sessions: 3_000 - sessions.length, routes: 3_000 - routes.length });
  });

  test('lists as many entries as the schema allows when they are of ordinary size', () => {
    const snapshot = snapshotOf({
      sessions: Array.from({ length: 600 }, (_, n) => sessionOf({ key: `local/${n}` })),
      routes: Array.from({ length: 1_200 }, (_, n) => routeOf({ route: `r${n}` })),
    });
    const { sessions, routes, omitted } = reportOf(snapshot);
    expect([sessions.length, routes.length]).toEqual([REPORT_LIMITS.sessions, REPORT_LIMITS.routes]);
    expect(omitted).toEqual({ sessions: 100, routes: 200 });
  });

  test('of a connector that has no configuration yet is one too', () => {
    const config = { generation: 0, rejectedTotal: 0 };
    const empty = snapshotOf({ connector: '', config, sessions: [], routes: [] });
    expect(reportOf(empty, { document: {}, tag: undefined })).toMatchObject({ ready: false, document: {} });
  });
});

describe('a change', () => {
  const before = snapshotOf();
  const digest = (snapshot: AgentSnapshot, document = HEAD.document) => stateDigest(snapshot, document);

  test('is not traffic', () => {
    const after = snapshotOf({ routes: [routeOf({ counters: countsOf({ received: 99, dropped: { x: 1 } }) })] });
    expect(digest(after)).toBe(digest(before));
    expect(reportOf(after, { answered: digest(before) }).changed).toBe(false);
  });

  test('is not each attempt of a session that stays down', () => {
    const waiting = sessionOf({ state: 'waiting', fault: FAULT, since: '2026-01-01T00:00:01.000Z' });
    const fault = { ...FAULT, message: 'attempt 2' };
    const connecting = sessionOf({ state: 'connecting', fault, epoch: 2, since: '2026-01-01T00:00:02.000Z' });
    expect(digest(snapshotOf({ sessions: [connecting] }))).toBe(digest(snapshotOf({ sessions: [waiting] })));
  });

  test.each<[string, Partial<AgentSnapshot>]>([
    ['a lost session', { sessions: [sessionOf({ state: 'waiting', fault: FAULT })] }],
    ['a session that is up again', { sessions: [sessionOf({ since: '2026-01-02T00:00:00.000Z' })] }],
    ['a lane that is not ready', { routes: [routeOf({ lanes: { total: 1, ready: 0 } })] }],
    ['a refusal', { routes: [routeOf({ refusal: FAULT })] }],
    ['a token that is not renewed', { tokens: [{ side: 'local', method: 'x', expiresAt: 1, minutesLeft: 1 }] }],
    ['a slot', { instances: { instance: 0, standing: 'joined', slots: [0], total: 2, peers: [], adoptions: 0 } }],
  ])('is %s', (_, changes) => {
    expect(digest({ ...before, ...changes })).not.toBe(digest(before));
  });

  test('is a document that was applied or rejected', () => {
    expect(digest(before, { revision: 'r2' })).not.toBe(digest(before));
    const rejected = { revision: 'r2', at: '2026-01-01T00:00:00.000Z', problems: [] };
    expect(digest(before, { ...HEAD.document, rejected })).not.toBe(digest(before));
  });
});
