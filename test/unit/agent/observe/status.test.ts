import { describe, expect, test } from 'vitest';
import { statusOf } from '../../../../agent/observe/status.ts';
import { statusSchema } from '../../../../agent/observe/status-schema.ts';
import { apiServerOf, controlPlaneOf, routeOf, sessionOf, snapshotOf } from './snapshot-of.ts';

const problem = {
  rule: 'YA001',
  severity: 'error',
  file: 'a.yaml',
  line: 1,
  column: 2,
  path: '',
  message: 'password=canary is no YAML',
  advice: 'fix it',
} as const;

describe('status', () => {
  test.each([
    ['a running agent', snapshotOf()],
    [
      'an agent that never had a configuration',
      snapshotOf({ config: { generation: 0, rejectedTotal: 0 }, routes: [] }),
    ],
    [
      'everything that may be there',
      snapshotOf({
        config: {
          revision: 'r1',
          appliedAt: '2026-01-01T00:00:00Z',
          generation: 2,
          rejectedTotal: 1,
          rejected: { revision: 'r2', at: '2026-01-01T00:00:00Z', problems: [problem] },
        },
        sessions: [
          sessionOf({
            fault: { reason: 'NotAuthorized', message: 'no', fix: 'az', reasonCode: 135 },
            clientIdConflict: { reason: 'SessionTakenOver', message: 'no', fix: 'spec', reasonCode: 142 },
            retryAt: '2026-01-01T00:00:00Z',
            publishRate: { usedMessages: 1, allowedMessages: 2, usedBytes: 3, allowedBytes: 4, throttled: 5 },
            limits: {
              receiveMaximum: 20,
              maximumPacketSize: 524_288,
              maximumQos: 1,
              retainAvailable: false,
              maximumTopicBytes: 256,
              maximumTopicLevels: 15,
              zeroExpiryIsNever: true,
              topicAliasMaximum: 10,
              keepAlive: 60,
            },
          }),
        ],
        routes: [
          routeOf({
            target: 'x',
            fault: { reason: 'a', message: 'b' },
            refusal: { reason: 'c', message: 'd', fix: 'e' },
          }),
        ],
        tokens: [
          { side: 'remote', method: 'OAUTH2-JWT', expiresAt: 1, minutesLeft: 0.1, objectId: 'o', rejected: 'no' },
        ],
        certificates: [{ side: 'remote', secret: 's', notAfter: 1, daysLeft: -1, rejected: 'mismatch' }],
        apiServer: apiServerOf({ up: false, fault: { reason: 'ApiServerForbidden', message: 'no', fix: 'x' } }),
        controlPlane: controlPlaneOf({ up: false, fault: { reason: 'ControlPlaneTimeout', message: 'no', fix: 'x' } }),
      }),
    ],
  ])('of %s is what the schema says', (_name, snapshot) => {
    const status = statusOf(snapshot);
    expect(statusSchema.parse(JSON.parse(JSON.stringify(status)))).toEqual(status);
  });

  test('bounds its lists and says what it left out', () => {
    const routes = Array.from({ length: 2_100 }, (_, index) => routeOf({ route: `r${index}` }));
    const status = statusOf(snapshotOf({ routes }));
    expect(status.routes).toHaveLength(2_000);
    expect(status.omitted).toEqual({ sessions: 0, routes: 100, problems: 0 });
  });

  test('takes secrets out of texts that files and brokers wrote', () => {
    const status = statusOf(
      snapshotOf({
        config: { generation: 0, rejectedTotal: 1, rejected: { revision: 'x', at: '', problems: [problem] } },
        sessions: [sessionOf({ fault: { reason: 'NotAuthorized', message: 'bad password=canary' } })],
        certificates: [{ side: 'local', secret: 's', notAfter: 1, daysLeft: -1, rejected: 'token=canary' }],
      }),
    );
    expect(JSON.stringify(status)).not.toContain('canary');
  });
});
