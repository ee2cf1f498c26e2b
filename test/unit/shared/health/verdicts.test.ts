import { describe, expect, it } from 'vitest';
import type { AgentReport } from '../../../../shared/api/report.ts';
import type { Definition, ReceivedReport, SiteInput } from '../../../../shared/health/input.ts';
import { judgeSite } from '../../../../shared/health/judge.ts';
import { brokenReport, receivedOf, reportOf, routeOf, sessionOf, START } from '../../../support/health/reports.ts';
import { problems, settings } from './site-life.ts';

const ONE: Record<string, Definition> = { c: { revision: 'r1', instances: 1 } };
const definitions = (instances: number, revision = 'r1') => ({ c: { revision, instances } });

function verdictOf(input: Partial<SiteInput>) {
  const { state } = judgeSite({ definitions: ONE, reports: [], now: START, settings, ...input }, undefined);
  const { verdict, reasons } = state.connectors['c'] ?? {};
  return [verdict, ...new Set(reasons?.map(({ reason }) => reason))];
}

const member = (number: number, slots: number[], overrides: Partial<AgentReport> = {}): ReceivedReport =>
  receivedOf(
    START,
    reportOf({
      instances: { standing: 'joined', slots, total: 3 },
      routes: slots.map((slot) => routeOf({ route: `r${slot}` })),
      ...overrides,
    }),
    { instance: String(number) },
  );

const fault = { reason: 'QuotaExceeded', message: 'Too many.', fix: 'raise it' };
const inDays = (days: number) => START / 1_000 + days * 86_400;
const certificate = { side: 'remote', kind: 'certificate', name: 'cert' } as const;
describe('a connector is', () => {
  it.each<[string, (string | undefined)[], Partial<SiteInput>]>([
    ['Unknown while nobody has reported', ['Unknown', 'NeverReported'], {}],
    ['Unknown when it is not defined', ['Unknown', 'NotDefined'], { definitions: {}, reports: [receivedOf(START)] }],
    ['Healthy when all of it works', ['Healthy'], { reports: [receivedOf(START)] }],
    ['Healthy when it is to run nothing', ['Healthy'], { definitions: definitions(0) }],
    [
      'Unknown when it has no routes',
      ['Unknown', 'NoRoutes'],
      { reports: [receivedOf(START, reportOf({ routes: [], sessions: [] }))] },
    ],
    [
      'Unhealthy when no route passes messages',
      ['Unhealthy', 'ConnectionRefused'],
      { reports: [receivedOf(START, brokenReport())] },
    ],
    [
      'Degraded when one of its routes passes none',
      ['Degraded', 'NotAuthorized'],
      {
        reports: [
          receivedOf(
            START,
            reportOf({
              routes: [
                routeOf(),
                routeOf({
                  route: 'down',
                  lanes: { total: 1, ready: 0 },
                  fault: { reason: 'NotAuthorized', message: 'no' },
                }),
              ],
            }),
          ),
        ],
      },
    ],
    [
      'Degraded when a target refuses messages',
      ['Degraded', 'QuotaExceeded'],
      { reports: [receivedOf(START, reportOf({ routes: [routeOf({ refusal: fault })] }))] },
    ],
    [
      'Degraded when two clients fight for a client ID',
      ['Degraded', 'ClientIdConflict'],
      {
        reports: [
          receivedOf(
            START,
            reportOf({ sessions: [sessionOf({ clientIdConflict: { reason: 'ClientIdConflict', message: 'two' } })] }),
          ),
        ],
      },
    ],
    [
      'Degraded when the agent refused the newest revision',
      ['Degraded', 'RevisionRejected'],
      {
        definitions: definitions(1, 'r2'),
        reports: [
          receivedOf(
            START,
            reportOf({
              document: { revision: 'r1', rejected: { revision: 'r2', at: '2026-11-23T12:00:00Z', problems } },
            }),
          ),
        ],
      },
    ],
    [
      'Healthy while a revision is new',
      ['Healthy'],
      { definitions: definitions(1, 'r2'), reports: [receivedOf(START)] },
    ],
    [
      'Degraded when a certificate has ended',
      ['Degraded', 'CertificateEnded'],
      { reports: [receivedOf(START, reportOf({ credentials: [{ ...certificate, expiresAt: inDays(-1) }] }))] },
    ],
    [
      'Degraded when a certificate ends within a week',
      ['Degraded', 'CertificateEndsSoon'],
      { reports: [receivedOf(START, reportOf({ credentials: [{ ...certificate, expiresAt: inDays(6) }] }))] },
    ],
    [
      'Healthy when a certificate ends later',
      ['Healthy'],
      { reports: [receivedOf(START, reportOf({ credentials: [{ ...certificate, expiresAt: inDays(8) }] }))] },
    ],
    [
      'Degraded when a token has ended',
      ['Degraded', 'TokenExpired'],
      {
        reports: [
          receivedOf(
            START,
            reportOf({ credentials: [{ side: 'remote', kind: 'token', name: 'sat', expiresAt: inDays(-1) }] }),
          ),
        ],
      },
    ],
    [
      'Degraded when new credentials cannot be used',
      ['Degraded', 'CredentialRejected'],
      {
        reports: [
          receivedOf(START, reportOf({ credentials: [{ ...certificate, expiresAt: inDays(90), rejected: 'no key' }] })),
        ],
      },
    ],
    [
      'Healthy when instances share it',
      ['Healthy'],
      { definitions: definitions(3), reports: [member(0, [0]), member(1, [1]), member(2, [2])] },
    ],
    [
      'Healthy when a spare instance has nothing to do',
      ['Healthy'],
      { definitions: definitions(2), reports: [member(0, [0, 1]), member(1, [], { sessions: [] })] },
    ],
    [
      'Degraded when an instance says why it hears no other',
      ['Degraded', 'NotAuthorized'],
      {
        definitions: definitions(1),
        reports: [
          member(0, [0], {
            instances: { standing: 'blind', slots: [0], total: 1, fault: { ...fault, reason: 'NotAuthorized' } },
          }),
        ],
      },
    ],
    [
      'Unhealthy when its only agent has no configuration',
      ['Unhealthy', 'NoDocument', 'ConnectionRefused'],
      { reports: [receivedOf(START, brokenReport({ document: {}, routes: [] }))] },
    ],
  ])('%s', (_, expected, input) => {
    expect(verdictOf(input)).toEqual(expected);
  });
});
