import { describe, expect, test } from 'vitest';
import { createAuthority } from '../../../support/certificates.ts';
import { bridgeYaml, inward, outward } from '../../../support/bridge-config.ts';
import { folderOf } from '../../../unit/cli/sample-config.ts';
import { check, execute, reported } from './run-check.ts';
import { AUDIENCE, startService } from './service.ts';

const ROUTES = [outward('up', 'up/#'), inward('down', 'down/#')];

describe('check of Event Grid', () => {
  test('shows the token, the certificate, the session limit and what a queue of 100 messages means', async (scope) => {
    const { config, setting, issuer } = await startService(scope);
    const { code, stdout, of } = await check({ ...config, routes: ROUTES }, setting);
    expect(code).toBe(0);
    expect(of('token')).toMatchObject([
      { side: 'remote', status: 'ok', details: { audience: AUDIENCE, oid: issuer.objectId, minutes: 59 } },
    ]);
    expect(of('tls', 'remote')).toMatchObject([{ status: 'ok', details: { protocol: 'TLSv1.3', days: 29 } }]);
    expect(of('clock')).toMatchObject([{ status: 'ok' }]);
    expect(of('connect', 'remote')).toMatchObject([{ status: 'ok', details: { maximumQos: 1 } }]);
    expect(of('sessions')).toMatchObject([{ status: 'ok', details: { needed: 1 } }]);
    expect(of('queue', 'remote')).toMatchObject([{ status: 'warning', reason: 'SourceQueueRisk' }]);
    expect(of('subscribe', 'remote')).toMatchObject([{ status: 'ok', route: 'routes/down' }]);
    expect(stdout).not.toMatch(/eyJ/);
  });

  test('a token for another audience: says which it has and which is wanted', async (scope) => {
    const service = await startService(scope);
    service.identity.setFault({ kind: 'audience', audience: 'https://other.example' });
    const { code, of } = await check({ ...service.config, routes: ROUTES }, service.setting);
    expect(code).toBe(1);
    expect(of('token')).toMatchObject([
      { status: 'error', reason: 'TokenAudienceWrong', advice: expect.stringContaining(AUDIENCE) as string },
    ]);
    expect(of('connect', 'remote')).toMatchObject([{ status: 'skipped', details: { because: 'token' } }]);
  });

  test('a token with a slash behind its audience is as good', async (scope) => {
    const { config, setting } = await startService(scope, { audience: `${AUDIENCE}/` });
    const { code, of } = await check({ ...config, routes: ROUTES }, setting);
    expect(code).toBe(0);
    expect(of('token')).toMatchObject([{ status: 'ok', details: { audience: `${AUDIENCE}/` } }]);
  });

  test('a token that has ended', async (scope) => {
    const { config, setting } = await startService(scope, { issuer: { lifetimeSeconds: -60 } });
    const { of } = await check({ ...config, routes: ROUTES }, setting);
    expect(of('credentials', 'remote')).toMatchObject([{ status: 'error', reason: 'TokenExpired' }]);
    expect(of('tls', 'remote')).toMatchObject([{ status: 'ok' }]);
    expect(of('connect', 'remote')).toMatchObject([{ status: 'skipped', details: { because: 'credentials' } }]);
  });

  test('a token of which only the broker thinks that it has ended', async (scope) => {
    const { config, setting } = await startService(scope, { wallClock: () => Date.now() + 2 * 3_600_000 });
    const { of } = await check({ ...config, routes: ROUTES }, setting);
    expect(of('token')).toMatchObject([{ status: 'ok' }]);
    expect(of('connect', 'remote')).toMatchObject([{ status: 'error', reason: 'NotAuthorized' }]);
  });

  test('a clock that is wrong', async (scope) => {
    const { config, setting } = await startService(scope, { issuer: { now: () => Date.now() + 600_000 } });
    const { code, of } = await check({ ...config, routes: ROUTES }, setting);
    expect(code).toBe(1);
    expect(of('clock')).toMatchObject([{ status: 'warning', reason: 'ClockSkew' }]);
  });

  test('an identity without the roles', async (scope) => {
    const { config, setting } = await startService(scope, {
      permissions: { topicSpaces: [{ name: 'all', templates: ['#'] }], permissions: [] },
    });
    const args = [...setting.args, '--probe-topic', 'probe'];
    const { code, of } = await check({ ...config, routes: ROUTES }, { ...setting, args });
    expect(code).toBe(1);
    expect(of('connect', 'remote')).toMatchObject([{ status: 'ok' }]);
    expect(of('subscribe', 'remote')).toMatchObject([
      { status: 'error', reason: 'NotAuthorized', route: 'routes/down' },
    ]);
    expect(of('publish', 'remote')).toMatchObject([{ status: 'error', reason: 'NotAuthorized' }]);
  });

  test('a broker that ends the connection instead of refusing a message', async (scope) => {
    const { config, setting } = await startService(scope, {
      settings: { whenUnauthorized: 'disconnect' },
      permissions: { topicSpaces: [{ name: 'all', templates: ['#'] }], permissions: [] },
    });
    const args = [...setting.args, '--probe-topic', 'probe'];
    const { of } = await check({ ...config, routes: ROUTES }, { ...setting, args });
    expect(of('publish', 'remote')).toMatchObject([{ status: 'error', reason: 'NotAuthorized' }]);
  });

  test('no client session left: the setting and the command that raises it', async (scope) => {
    const { config, setting, occupy } = await startService(scope, {
      settings: { maximumClientSessionsPerAuthenticationName: 1 },
    });
    await occupy('bridge-0');
    const spec = { bridgeInstances: 3 };
    const routes = [...ROUTES, inward('more', 'more/#')];
    const { code, of } = await check({ ...config, routes, spec }, setting);
    expect(code).toBe(1);
    expect(of('connect', 'remote')).toMatchObject([
      {
        status: 'error',
        reason: 'QuotaExceeded',
        message: expect.stringContaining('Maximum client sessions per authentication name') as string,
        advice: expect.stringMatching(
          /az eventgrid namespace update .*maximumClientSessionsPerAuthenticationName:4/,
        ) as string,
      },
    ]);
    expect(of('sessions')).toMatchObject([{ status: 'warning', details: { needed: 3 } }]);
  });

  test.for([
    ['for another name', async () => ({ certificate: { names: ['other.example'] } }), 'TlsNameMismatch'],
    ['that has ended', async () => ({ certificate: { expired: true } }), 'TlsExpired'],
    ['nobody here vouches for', async () => ({ trusted: await createAuthority('Another') }), 'TlsVerifyFailed'],
  ] as const)('a certificate %s', async ([, options, reason], scope) => {
    const { config, setting } = await startService(scope, await options());
    const { code, of } = await check({ ...config, routes: ROUTES }, setting);
    expect(code).toBe(1);
    expect(of('tls', 'remote')).toMatchObject([{ status: 'error', reason }]);
    expect(of('connect', 'remote')).toMatchObject([{ status: 'skipped', details: { because: 'tls' } }]);
  });

  test("the HTTP host of a namespace: prints the MQTT host, and the files' exit code", async () => {
    const yaml = bridgeYaml({
      local: 1,
      remote: {
        port: 8883,
        endpoint: 'ns.westeurope-1.eventgrid.azure.net:8883',
        tls: { tlsEnabled: true },
        authentication: { systemAssignedManagedIdentity: { audience: AUDIENCE } },
      },
      routes: ROUTES,
    });
    const folder = await folderOf({ 'bridge.yaml': yaml });
    const { code, report } = await reported(folder);
    expect(code).toBe(2);
    expect(report.configuration).toMatchObject([
      { status: 'error', reason: 'BC012', advice: 'use ns.westeurope-1.ts.eventgrid.azure.net' },
    ]);
    expect((await execute(folder)).stdout).toContain('try: use ns.westeurope-1.ts.eventgrid.azure.net');
  });

  test('an identity endpoint that nobody answers at leaves what needs no token to be checked', async (scope) => {
    const { config, setting, identity } = await startService(scope);
    await identity.close();
    const { code, of } = await check({ ...config, routes: ROUTES }, setting);
    expect(code).toBe(1);
    expect(of('credentials', 'remote')).toMatchObject([{ status: 'error', reason: 'IdentityUnreachable' }]);
    expect(of('tls', 'remote')).toMatchObject([{ status: 'ok' }]);
    expect(of('subscribe', 'local')).toMatchObject([{ status: 'ok' }]);
  });
});
