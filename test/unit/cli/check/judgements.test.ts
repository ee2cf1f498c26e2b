import { describe, expect, test } from 'vitest';
import { judgeClock } from '../../../../cli/check/check-clock.ts';
import { checkHost } from '../../../../cli/check/check-host.ts';
import { checkLoops } from '../../../../cli/check/check-loops.ts';
import { judgeNamespace } from '../../../../cli/check/check-namespace.ts';
import { judgeQueue } from '../../../../cli/check/check-queue.ts';
import { judgeSessions, sessionsFull } from '../../../../cli/check/check-sessions.ts';
import { claimsOf, judgeToken } from '../../../../cli/check/check-token.ts';
import { createClockReadings } from '../../../../cli/check/clock-readings.ts';
import { endsSoon, lifeOf } from '../../../../cli/check/life.ts';
import { probeSession } from '../../../../cli/check/probe-session.ts';
import type { NamespaceReading } from '../../../../cli/check/namespace.ts';
import { MAX_CLIENT_ID } from '../../../../shared/client-id.ts';
import type { Plan, Side } from '../../../../shared/plan/types.ts';
import { sampleConnector } from '../../shared/sample.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const NOW_S = NOW.getTime() / 1_000;
const AUDIENCE = 'https://eventgrid.azure.net';
const CONNECTOR = sampleConnector();

/** A remote endpoint. */
function endpoint(host: string, port: number, transport: 'tcp' | 'ws' = 'tcp') {
  const authentication = { kind: 'anonymous' } as const;
  return { side: 'remote', host, port, transport, tlsEnabled: true, maxPacketBytes: 1, authentication } as const;
}

/** A plan with so many remote sessions. */
function planOf(remote: number, clientIds: readonly string[] = []): Plan {
  const session = (side: Side, clientId: string) =>
    ({ key: `${side}/${clientId}`, side, clientId, slot: 0, namedBy: 'route' }) as const;
  const others = Array.from({ length: remote }, (_, slot) => session('remote', `r-${slot}`));
  return {
    connector: 'bridge',
    slots: 1,
    lanes: [],
    sessions: [...clientIds.map((id) => session('local', id)), ...others],
  };
}

describe('host', () => {
  test.each([
    ['ns.westeurope-1.ts.eventgrid.azure.net', 8883, 'tcp', 'ok', undefined],
    ['ns.westeurope-1.ts.eventgrid.azure.net', 443, 'ws', 'ok', undefined],
    ['ns.westeurope-1.ts.eventgrid.azure.net', 443, 'tcp', 'warning', /:8883/],
    ['ns.westeurope-1.ts.eventgrid.azure.net', 8883, 'ws', 'warning', /:443/],
    [
      'ns.westeurope-1.eventgrid.azure.net',
      8883,
      'tcp',
      'error',
      /to ns\.westeurope-1\.ts\.eventgrid\.azure\.net:8883$/,
    ],
    ['ns.x.eventgrid.azure.us', 8883, 'tcp', 'error', /to ns\.x\.ts\.eventgrid\.azure\.us:8883$/],
  ] as const)('%s:%i over %s is %s', (host, port, transport, status, advice) => {
    const [found] = checkHost(endpoint(host, port, transport)).findings;
    expect(found?.status).toBe(status);
    expect(found?.advice ?? '').toMatch(advice ?? /^$/);
  });

  test('other hosts are none of its business', () => {
    expect(checkHost(endpoint('broker.example', 8883)).findings).toEqual([]);
  });
});

describe('token', () => {
  const at = { atEventGrid: true, connector: CONNECTOR, now: NOW };
  test.each([
    [{ aud: AUDIENCE, exp: NOW_S + 3_600 }, 'ok', undefined],
    [{ aud: `${AUDIENCE}/`, exp: NOW_S + 3_600 }, 'ok', undefined],
    [{ aud: ['x', AUDIENCE] }, 'ok', undefined],
    [{ aud: 'https://management.azure.com', exp: NOW_S + 3_600 }, 'error', 'TokenAudienceWrong'],
    [{ exp: NOW_S + 3_600 }, 'error', 'TokenAudienceWrong'],
    [{ aud: AUDIENCE, exp: NOW_S - 1 }, 'error', 'TokenExpired'],
    [{ aud: AUDIENCE, exp: NOW_S + 299 }, 'warning', 'TokenEndsSoon'],
  ] as const)('%j is %s %s', (claims, status, reason) => {
    const judged = judgeToken({ ...claims, aud: 'aud' in claims ? [claims.aud].flat() : undefined } as never, at);
    expect([judged.status, judged.statement.reason]).toEqual([status, reason]);
  });

  test('elsewhere any audience may be right', () => {
    expect(judgeToken({ aud: 'aio-internal' }, { ...at, atEventGrid: false }).status).toBe('ok');
  });

  test('what is no token has no claims', () => {
    expect(claimsOf(Buffer.from('not a token'))).toBeUndefined();
  });
});

describe('sessions', () => {
  const spec = endpoint('ns.westeurope-1.ts.eventgrid.azure.net', 8883);
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/namespaces/ns';
  const read = (settings: object): NamespaceReading => ({
    kind: 'read',
    namespace: { id, name: 'ns', properties: { topicSpacesConfiguration: { state: 'Enabled', ...settings } } },
  });
  const allowing = (allowed: number) => read({ maximumClientSessionsPerAuthenticationName: allowed });
  test.each([
    [1, { kind: 'unasked' }, 'ok'],
    [2, { kind: 'unasked' }, 'warning'],
    [2, { kind: 'failed', message: 'm', advice: 'a' }, 'warning'],
    [2, allowing(2), 'ok'],
    [3, allowing(2), 'error'],
    [1, read({}), 'ok'],
    [2, read({}), 'error'],
  ] as const)('%i needed, namespace %j: %s', (needed, reading, status) => {
    const { findings } = judgeSessions(spec, planOf(needed), reading);
    expect(findings.map((one) => one.status)).toEqual([status]);
  });

  test('names the setting of the portal and the command, for the namespace as far as it is known', () => {
    const [unread] = judgeSessions(spec, planOf(3), { kind: 'unasked' }).findings;
    expect(unread?.advice).toMatch(/--name ns .*maximumClientSessionsPerAuthenticationName:3}"/);
    expect(unread?.advice).toContain('"Maximum client sessions per authentication name" of 3 or more');
    const [few] = judgeSessions(spec, planOf(3), allowing(2)).findings;
    expect(few?.advice).toContain(`--ids ${id} `);
  });

  test('a full session table counts the one of the check', () => {
    expect(sessionsFull(2, spec).advice).toContain('maximumClientSessionsPerAuthenticationName:3}');
  });

  test('more than Event Grid allows at all needs fewer sessions', () => {
    expect(judgeSessions(spec, planOf(101), allowing(100)).findings[0]?.advice).toContain('perInstance');
  });

  const certificate = (names?: readonly string[]) =>
    read({ clientAuthentication: { alternativeAuthenticationNameSources: names } });
  const x509 = sampleConnector({
    remoteBrokerConnection: {
      endpoint: 'ns.westeurope-1.ts.eventgrid.azure.net:8883',
      tls: { tlsEnabled: true },
      authentication: { x509: { secretName: 's' } },
    },
  });
  test.each([
    ['unasked', CONNECTOR, { kind: 'unasked' }, []],
    ['unreadable', CONNECTOR, { kind: 'failed', message: 'm', advice: 'a' }, [['warning', 'NamespaceUnreadable']]],
    ['fitting', CONNECTOR, read({ maximumSessionExpiryInHours: 1 }), [['ok', undefined]]],
    ['without MQTT', CONNECTOR, read({ state: 'Disabled' }), [['error', 'MqttDisabled']]],
    ['that takes no name from a certificate', x509, certificate(), [['error', 'NameSourceMissing']]],
    ['that takes the subject for a name', x509, certificate(['ClientCertificateSubject']), [['ok', undefined]]],
    [
      'that forgets sessions earlier',
      sampleConnector({ session: { expirySeconds: 3_601 } }),
      read({ maximumSessionExpiryInHours: 1 }),
      [['warning', 'SessionExpiryCapped']],
    ],
  ] as const)('a namespace %s', (_what, connector, reading, expected) => {
    const { findings } = judgeNamespace(connector, reading);
    expect(findings.map(({ status, reason }) => [status, reason])).toEqual(expected);
  });
});

describe('queue', () => {
  const needs = { window: 100, expiry: 3_600 };
  test.each([
    [{ kind: 'told', messages: 99 }, needs, 'warning'],
    [{ kind: 'told', messages: 100 }, needs, 'ok'],
    [{ kind: 'eventgrid' }, needs, 'warning'],
    [{ kind: 'mosquitto', version: 'mosquitto version 2.0.11', dropped: 0 }, needs, 'warning'],
    [{ kind: 'unknown' }, needs, 'skipped'],
    [{ kind: 'told', messages: 100_000 }, { ...needs, expiry: 0 }, 'warning'],
  ] as const)('%j with %j is %s', (queue, wanted, status) => {
    const judged = judgeQueue(queue, wanted);
    expect(judged.status).toBe(status);
    expect(judged.statement.reason).toBe({ warning: 'SourceQueueRisk', skipped: 'NotChecked', ok: undefined }[status]);
  });

  test('says what Mosquitto has dropped already', () => {
    const queue = { kind: 'mosquitto', version: 'mosquitto version 2', dropped: 7 } as const;
    expect(judgeQueue(queue, needs).statement.message).toContain('dropped 7 messages already');
  });
});

describe('clock', () => {
  const readings = (...aheadSeconds: number[]) => aheadSeconds.map((ahead) => ({ source: 's', aheadSeconds: ahead }));
  test.each([
    [readings(), [], 'skipped', /Nobody/],
    [readings(60, -60), [], 'ok', /within 60 seconds/],
    [readings(0, 61), [], 'warning', /61 seconds behind that of s/],
    [readings(-61), [], 'warning', /61 seconds ahead of that of s/],
    [readings(), [{ iat: NOW_S + 120 }], 'warning', /at least 120 seconds behind/],
    [readings(), [{ iat: NOW_S - 80_000 }], 'skipped', /Nobody/],
    [readings(), [{ nbf: NOW_S + 61 }], 'warning', /at least 61 seconds behind/],
  ] as const)('%j and tokens %j: %s', (heard, tokens, status, message) => {
    const [found] = judgeClock({ readings: heard, tokens, now: NOW }).findings;
    expect(found).toMatchObject({ status, message: expect.stringMatching(message) as string });
  });

  test('hears Date headers and nothing else', () => {
    const clock = createClockReadings(() => NOW);
    clock.heard('a', 'Mon, 23 Nov 2026 12:00:09 GMT');
    for (const none of [undefined, null, '', 'soon']) clock.heard('b', none);
    expect(clock.all).toEqual([{ source: 'a', aheadSeconds: 9 }]);
  });
});

describe('loops', () => {
  test.each([
    ['v5', 4, 'ok', undefined],
    ['v5', 0, 'warning', 'HopCountImpossible'],
    ['v3', 4, 'warning', 'HopCountImpossible'],
  ] as const)('%s with maxHops %i is %s', (protocol, maxHops, status, reason) => {
    const [found] = checkLoops({ ...CONNECTOR, spec: { ...CONNECTOR.spec, protocol, maxHops } }).findings;
    expect([found?.status, found?.reason]).toEqual([status, reason]);
  });
});

describe('life of a certificate', () => {
  const day = 86_400_000;
  test.each([
    [7 * day, false, '7 days'],
    [7 * day - 1, true, '6 days'],
    [2 * day - 1, true, '2879 minutes'],
    [-1, true, '-1 minutes'],
  ])('%i ms left', (left, soon, text) => {
    const life = lifeOf(NOW.getTime() + left, NOW);
    expect([endsSoon(life), life.text]).toEqual([soon, text]);
  });
});

describe('client ID of a check', () => {
  test('is none of the sessions, and not too long', () => {
    const taken = ['line', 'line-check', 'line-2-check'];
    expect(probeSession('local', { plan: planOf(0, taken), clientIds: new Set(taken) }).clientId).toBe('line-3-check');
    const long = 'x'.repeat(MAX_CLIENT_ID);
    const { clientId: id } = probeSession('local', { plan: planOf(0, [long]), clientIds: new Set([long]) });
    expect([id.length, id.endsWith('-check')]).toEqual([MAX_CLIENT_ID, true]);
  });
});
