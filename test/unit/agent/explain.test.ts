import { expect, test } from 'vitest';
import { createExplain } from '../../../agent/explain.ts';
import { planConnector } from '../../../shared/plan/plan.ts';
import { sampleConnector, sampleMap } from '../shared/sample.ts';

const OBJECT_ID = '11111111-2222-3333-4444-555555555555';
const connector = sampleConnector({
  remoteSessions: 'perRoute',
  remoteBrokerConnection: {
    endpoint: 'contoso.westeurope-1.ts.eventgrid.azure.net:8883',
    tls: { tlsEnabled: true },
    authentication: { systemAssignedManagedIdentity: { audience: 'https://eventgrid.azure.net' } },
  },
});
const topicMaps = [
  sampleMap([
    { direction: 'local-to-remote', name: 'up', source: 'a' },
    { direction: 'remote-to-local', name: 'down', source: 'b' },
  ]),
];
const plan = planConnector({ connector, topicMaps });
const refused = { reason: 'NotAuthorized', message: 'no', reasonCode: 0x87 };

function explainWith(admitted: boolean, tokenEnds = 2_000) {
  return createExplain({
    connector,
    plan,
    credentials: () => ({
      certificate: () => undefined,
      token: () => ({ method: 'OAUTH2-JWT', expiresAt: tokenEnds, objectId: OBJECT_ID }),
    }),
    admitted: () => admitted,
    federated: false,
    now: () => 1_000_000,
  });
}

const sessionOf = (clientId: string) => {
  const session = plan.sessions.find((one) => one.side === 'remote' && one.clientId === clientId);
  if (session === undefined) throw new Error(`no session ${clientId}`);
  return session;
};

test.each([
  ['up', 'Publisher', 'Subscriber'],
  ['down', 'Subscriber', 'Publisher'],
])('the session of route %s needs the role %s, for the identity of the token', (clientId, needs, needsNot) => {
  const { fix } = explainWith(false)(sessionOf(clientId), refused);
  expect(fix).toContain(`EventGrid TopicSpaces ${needs}" --assignee ${OBJECT_ID}`);
  expect(fix).not.toContain(needsNot);
});

test('the sessions of the whole plan are counted', () => {
  const fault = { reason: 'QuotaExceeded', message: 'no', reasonCode: 0x97 };
  expect(explainWith(true)(sessionOf('up'), fault)).toMatchObject({
    reason: 'QuotaExceeded',
    reasonCode: 0x97,
    fix: expect.stringContaining('maximumClientSessionsPerAuthenticationName:2'),
  });
});

test('an identity that the broker takes elsewhere is not the cause', () => {
  expect(explainWith(true)(sessionOf('up'), refused).message).toContain('belongs to another identity');
});

test('a token that has ended is', () => {
  const { message, fix } = explainWith(false, 1_000)(sessionOf('up'), refused);
  expect(message).toContain('ended at 1970-01-01T00:16:40.000Z');
  expect(fix).toContain('az k8s-extension show');
});

test('a fix is of the newest fault only', () => {
  const once = explainWith(false)(sessionOf('up'), refused);
  expect(explainWith(false)(sessionOf('up'), { ...once, reason: 'AckTimeout' }).fix).toBeUndefined();
});
