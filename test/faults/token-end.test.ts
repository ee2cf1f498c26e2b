import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import type { AccessToken } from '../../agent/session/credentials/token-source.ts';
import { createDirectory } from '../../local/emulator/authentication/directory.ts';
import { openDoor } from '../../local/emulator/authentication/open-door.ts';
import { createEventGridEmulator } from '../../local/emulator/emulator.ts';
import { createTokenIssuer } from '../../local/identity/issuer.ts';
import { outward } from '../support/bridge-config.ts';
import { QUICK_TIMING, startBridge } from '../support/bridge-harness.ts';
import { checkDelivery } from '../support/delivery.ts';
import { eventually } from '../support/eventually.ts';
import { explanationsOf } from '../support/explanations.ts';
import { type Consumer, type Producer, startConsumer, startProducer } from '../support/load.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { startEmbedded } from '../support/test-broker.ts';

const AUDIENCE = 'https://eventgrid.azure.net';
const OBJECT_ID = '11111111-2222-3333-4444-555555555555';
/** Half of it is left for a busy machine to show the next token in. */
const LIFE_S = 4;

/** A bridge to an emulator that ends connections with their token, and an identity that may have none to give. */
async function setUp(scope: TestContext) {
  const issuer = await createTokenIssuer({ objectId: OBJECT_ID, lifetimeSeconds: LIFE_S });
  const directory = createDirectory(
    { entra: { issuer: issuer.issuer, audiences: [AUDIENCE], keys: { jwks: issuer.jwks } } },
    Date.now,
  );
  const emulator = createEventGridEmulator({
    settings: { connectsPerSecond: 10_000, outboundMessagesPerSecond: 10_000, maximumQueuedMessages: 10_000 },
    authenticator: (attempt) => (attempt.method === undefined ? openDoor(attempt) : directory(attempt)),
  });
  scope.onTestFinished(() => emulator.close());
  const { port } = await emulator.listen();
  const local = await startEmbedded(scope);
  const identity = { present: true, asked: 0 };
  const getToken = async (): Promise<AccessToken | null> => {
    identity.asked++;
    if (!identity.present) return null;
    const { token, expiresAt } = await issuer.issue(AUDIENCE);
    return { token, expiresOnTimestamp: expiresAt * 1_000 };
  };
  const remote = { port, authentication: { systemAssignedManagedIdentity: { audience: AUDIENCE } } };
  const bridge = await startBridge(
    scope,
    { local: local.port, remote, routes: [outward('up', 'up/#')] },
    { identity: { open: () => Promise.resolve({ getToken }) } },
  );
  const above = await startConsumer(scope, { port, clientId: 'above', filters: 'up/#', qos: 1 });
  const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], rate: 200 });
  return { emulator, identity, bridge, above, up };
}

async function expectNothingLost(up: Producer, above: Consumer): Promise<void> {
  await up.stop();
  await above.received(up.log.sent.length);
  const { lost, text } = checkDelivery(up.log.sent, above.log.received, { allowDuplicates: true });
  expect(lost, text).toEqual([]);
}

describe('F15 - the end of a token at the emulator', () => {
  test('never comes to a connection that shows the next one before, while messages flow', async (scope) => {
    const { emulator, bridge, above, up } = await setUp(scope);
    await eventually(() => bridge.events('Reauthenticated').length >= 2);
    expect(bridge.session('remote')).toMatchObject({ epoch: 1, disconnects: {} });
    const ends = emulator.log.entries().filter(({ kind }) => kind === 'disconnected' || kind === 'refused');
    expect(ends).toEqual([]);
    expect(bridge.snapshot().tokens).toMatchObject([{ side: 'remote', objectId: OBJECT_ID }]);
    await expectNothingLost(up, above);
  });

  test('without a next one is asked about without haste, explained, and over as soon as there is one', async (scope) => {
    const { emulator, identity, bridge, above, up } = await setUp(scope);
    identity.present = false;
    await eventually(() => bridge.session('remote').fault?.reason === 'TokenFailed');
    const [asked, connects] = [identity.asked, { ...bridge.session('remote').connects }];
    await eventually(() => (bridge.session('remote').connects['TokenFailed'] ?? 0) >= 5);
    // One request for each attempt, and nothing between them.
    const attempts = (bridge.session('remote').connects['TokenFailed'] ?? 0) - (connects['TokenFailed'] ?? 0);
    expect(identity.asked - asked).toBeLessThanOrEqual(attempts + 1);
    const { log, status, readyz } = explanationsOf(bridge, 'Disconnected');
    const fix = expect.stringContaining('az k8s-extension show ');
    expect(log.at(-1)).toMatchObject({ reason: 'TokenFailed', fix });
    expect(status.sessions.find(({ side }) => side === 'remote')?.fault).toMatchObject({ reason: 'TokenFailed', fix });
    expect(readyz).toContain('try: az k8s-extension show ');
    const ended = emulator.log.entries().filter((event) => event.kind === 'disconnected');
    expect(ended).toMatchObject([{ disconnectionReason: 'ClientAuthenticationError' }]);
    identity.present = true;
    await bridge.allReady();
    expect(bridge.session('remote').connects['Success']).toBe(2);
    await expectNothingLost(up, above);
  });
});

describe('F15 - a service account token', () => {
  /** A local broker that takes some tokens, and a bridge whose token is a file. */
  async function setUpFile(scope: TestContext, taken: ReadonlySet<string>, content?: string) {
    const secretPath = join(await createTempDir(scope, 'tokens'), 'sat');
    await mkdir(secretPath);
    const file = join(secretPath, 'sat');
    if (content !== undefined) await writeFile(file, content);
    const seen: string[] = [];
    const local = await startEmbedded(scope, {
      hooks: {
        authenticate({ request, data, again }) {
          if (!request.clientId.startsWith('agent')) return { kind: 'accepted' };
          seen.push(`${again ? 'AUTH' : 'CONNECT'} ${String(data)}`);
          return taken.has(String(data)) ? { kind: 'accepted' } : { kind: 'refused', reasonCode: 0x87 };
        },
      },
    });
    const remote = await startEmbedded(scope);
    const kubernetes = { secretPath, serviceAccountTokenName: 'sat' };
    const config = {
      local: { port: local.port, authentication: { kubernetes } as never },
      remote: remote.port,
      routes: [outward('up', 'up/#')],
    };
    const bridge = await startBridge(scope, config, { unready: true });
    return { file, seen, bridge, local, remote };
  }

  test('that is missing, then unreadable, is looked for in pauses that grow, and used when it is there', async (scope) => {
    const { file, seen, bridge } = await setUpFile(scope, new Set(['good']));
    await eventually(() => bridge.session('local').fault?.reason === 'FileMissing');
    // A folder is no file, also for those who may read everything.
    await mkdir(file);
    await eventually(() => bridge.session('local').fault?.reason === 'FileUnreadable');
    const { firstMs, mountedMostMs } = QUICK_TIMING.reconnect;
    const pauses = bridge.events('Disconnected').filter(({ side }) => side === 'local');
    for (const [attempt, { nextDelayMs }] of pauses.entries())
      expect(nextDelayMs).toBeGreaterThanOrEqual(Math.min(firstMs * 2 ** attempt, mountedMostMs) / 2);
    expect(seen).toEqual([]);
    await rm(file, { recursive: true });
    await writeFile(file, 'good');
    await bridge.allReady();
    expect(seen).toEqual(['CONNECT good']);
  });

  test('that the broker takes no more is explained, and the next one taken at once', async (scope) => {
    const taken = new Set(['one', 'three']);
    const { file, seen, bridge, local, remote } = await setUpFile(scope, taken, 'one');
    await bridge.allReady();
    const above = await startConsumer(scope, { port: remote.port, clientId: 'above', filters: 'up/#', qos: 1 });
    const up = startProducer(scope, { port: local.port, name: 'up', topics: ['up/a'], rate: 200 });
    await writeFile(file, 'two');
    await eventually(() => bridge.session('local').fault?.reason === 'NotAuthorized');
    const { status } = explanationsOf(bridge, 'Disconnected');
    expect(status.sessions.find(({ side }) => side === 'local')?.fault).toMatchObject({
      message: expect.stringContaining('does not accept the service account token'),
      fix: 'volumes[].projected.sources[].serviceAccountToken.audience: aio-internal',
    });
    await writeFile(file, 'three');
    await bridge.allReady();
    expect(seen[0]).toBe('CONNECT one');
    expect(seen.at(-1)).toBe('CONNECT three');
    expect(bridge.session('local').connects['Success']).toBe(2);
    await expectNothingLost(up, above);
  });
});
