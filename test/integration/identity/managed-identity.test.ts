import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect, type TestContext, test } from 'vitest';
import { instanceMetadata } from '../../../local/identity/imds.ts';
import { createTokenIssuer } from '../../../local/identity/issuer.ts';
import { type IdentityFault, startIdentityServer } from '../../../local/identity/server.ts';
import { outward } from '../../support/bridge-config.ts';
import { prepareBridge } from '../../support/bridge-harness.ts';
import { eventually } from '../../support/eventually.ts';
import { connectRawClient } from '../../support/raw-client.ts';
import { startEmbedded } from '../../support/test-broker.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const EXTENSION = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KubernetesConfiguration/extensions/mq';

/** An agent process with the identity library, the metadata service it asks, and a broker that verifies its tokens. */
async function setUp(scope: TestContext, lifetimeSeconds: number, fault?: IdentityFault) {
  const issuer = await createTokenIssuer({ lifetimeSeconds });
  const identity = await startIdentityServer({ issuer, endpoints: [instanceMetadata] });
  scope.onTestFinished(() => identity.close());
  identity.setFault(fault);
  const keys = createLocalJWKSet(issuer.jwks);
  const shown: { readonly again: boolean; readonly clientId: string; readonly token: string }[] = [];
  const remote = await startEmbedded(scope, {
    hooks: {
      async authenticate({ request: { clientId }, method, data, again }) {
        if (!clientId.startsWith(EXTENSION.slice(0, 20))) return { kind: 'accepted' };
        const token = String(data);
        shown.push({ again, clientId, token });
        try {
          const { payload } = await jwtVerify(token, keys, { audience: AUDIENCE, algorithms: ['RS256'] });
          const validForMs = (payload.exp ?? 0) * 1_000 - Date.now();
          return method === 'OAUTH2-JWT' ? { kind: 'accepted', validForMs } : { kind: 'refused', reasonCode: 0x8c };
        } catch {
          return { kind: 'refused', reasonCode: 0x87 };
        }
      },
    },
  });
  const local = await startEmbedded(scope);
  const authentication = { systemAssignedManagedIdentity: { audience: AUDIENCE } };
  const { start } = await prepareBridge(
    scope,
    { local: local.port, remote: { port: remote.port, authentication }, routes: [outward('up', 'up/#')] },
    { env: { AZURE_POD_IDENTITY_AUTHORITY_HOST: identity.url, EXTENSION_ARMID: EXTENSION } },
  );
  const agent = await start();
  return { identity, issuer, shown, remote, local, agent };
}

test('an agent logs on by its managed identity, renews the token on the live connection and shows when it ends', async (scope) => {
  const { shown, local, remote, agent } = await setUp(scope, 6);
  await agent.ready();
  const consumer = await connectRawClient(scope, { port: remote.port, clientId: 'consumer' });
  await consumer.subscribe('up/#');
  const producer = await connectRawClient(scope, { port: local.port, clientId: 'producer' });
  const send = (payload: string) => producer.publish({ topic: 'up/a', payload, qos: 1 });
  await send('before');
  await eventually(() => shown.length >= 4, { deadlineMs: 20_000 });
  await send('after');
  await consumer.received(2);

  expect(shown.map(({ again }) => again).slice(0, 4)).toEqual([false, true, true, true]);
  expect(new Set(shown.map(({ token }) => token)).size).toBe(shown.length);
  expect(shown[0]?.clientId).toMatch(/-0$/);
  const status = await agent.status();
  expect(status.sessions.find(({ side }) => side === 'remote')).toMatchObject({ epoch: 1, disconnects: {} });
  expect(status.tokens).toMatchObject([{ side: 'remote', method: 'OAUTH2-JWT' }]);
  const expiry = (await agent.metrics()).find(({ name }) => name === 'mqttbridge_token_expiry_timestamp_seconds');
  expect(expiry?.value).toBeGreaterThan(Date.now() / 1_000 - 5);
  const visible = agent.output() + (await agent.get('/status')).body + (await agent.get('/metrics')).body;
  for (const { token } of shown) expect(visible).not.toContain(token.slice(-40));
});

test('an agent that starts before the identity sidecar redirects its requests gets over it', async (scope) => {
  const { identity, agent, shown } = await setUp(scope, 3_600, { kind: 'notRedirected' });
  await eventually(() => identity.requests.length >= 3);
  await eventually(async () => {
    const { sessions } = await agent.status();
    return sessions.find(({ side }) => side === 'remote')?.fault?.reason === 'TokenFailed';
  });
  expect(shown).toEqual([]);
  identity.setFault(undefined);
  await agent.ready();
  expect(shown).toHaveLength(1);
});

test('a token for another audience is refused by the broker, and the agent says so and keeps asking', async (scope) => {
  const { identity, agent, shown } = await setUp(scope, 60, { kind: 'audience', audience: 'https://other.example' });
  await eventually(async () => {
    const { sessions } = await agent.status();
    return sessions.find(({ side }) => side === 'remote')?.fault?.reason === 'NotAuthorized';
  });
  expect(shown.length).toBeLessThanOrEqual(2);
  identity.setFault(undefined);
  await agent.ready();
});
