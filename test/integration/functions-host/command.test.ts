import { createHash } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startChild } from '../../support/child.ts';
import { type ControlPlaneOptions, startControlPlane } from '../../support/control-plane-process.ts';
import { eventually } from '../../support/eventually.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { installPackage } from './installed-package.ts';

const APP = `
import { app } from '@azure/functions';
import * as df from 'durable-functions';
const names = ['MQTTBRIDGE_SQLITE_FILE', 'MQTTBRIDGE_ADMIN_KEY_SHA256', 'MQTTBRIDGE_REPORT_INTERVAL_SECONDS',
  'MQTTBRIDGE_TABLES_CONNECTION_STRING', 'WEBSITE_AUTH_ENABLED', 'MQTTBRIDGE_ENTRA_AUDIENCE'];
app.http('settings', { authLevel: 'anonymous', handler: () => ({ jsonBody: names.map((name) => process.env[name]) }) });
df.app.orchestration('waits', function* (context) {
  return yield context.df.waitForExternalEvent('go');
});
df.app.client.http('control', {
  route: 'control/{verb}', methods: ['POST'], authLevel: 'anonymous',
  handler: async (request, client) => {
    if (request.params.verb === 'start') await client.startNew('waits', { instanceId: 'w', input: {} });
    if (request.params.verb === 'go') await client.raiseEvent('w', 'go', { gone: true });
    const { runtimeStatus, output } = await client.getStatus('w');
    return { jsonBody: { runtimeStatus, output } };
  },
});
`;

const scope = createScope();
let entry = '';

beforeAll(async () => {
  entry = await installPackage(scope, APP);
  return () => scope.close();
});

const run = (options: ControlPlaneOptions = {}) => startControlPlane({ onTestFinished }, { entry, ...options });
const dir = () => createTempDir({ onTestFinished }, 'data');

/** Runs the command until it ends by itself. */
async function ends(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = await startChild(process.execPath, [entry, 'control-plane', 'run', '--http', '127.0.0.1:0', ...args]);
  onTestFinished(async () => void (await child.end('SIGKILL')));
  const { code } = await child.exit;
  return { code, out: child.stdout(), err: child.stderr() };
}

async function settings(url: string): Promise<(string | null)[]> {
  return (await (await fetch(`${url}/api/settings`)).json()) as (string | null)[];
}

async function control(url: string, verb: string): Promise<unknown> {
  return (await fetch(`${url}/api/control/${verb}`, { method: 'POST' })).json();
}

describe('mqttbridge control-plane run', () => {
  test('serves the app of its package, gives it its settings, says where it is, and exits 0 at SIGTERM', async () => {
    const inherited = {
      MQTTBRIDGE_TABLES_CONNECTION_STRING: 'UseDevelopmentStorage=true',
      WEBSITE_AUTH_ENABLED: 'True',
      MQTTBRIDGE_ENTRA_AUDIENCE: 'api://audience',
    };
    const data = join(await dir(), 'a/b');
    const plane = await run({ data, env: inherited, args: ['--report-interval', '7'] });
    const { url, adminKey, adminKeyFile } = plane;
    const hash = createHash('sha256').update(adminKey).digest('hex');
    expect(await settings(url)).toEqual([join(data, 'control-plane.sqlite'), hash, '7', null, null, 'api://audience']);
    expect(plane.stdout()).toBe(`control plane at ${url}, administrator's key in ${adminKeyFile}\n`);
    expect(await plane.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(plane.stderr()).toContain('"evt":"Stopped"');
  });

  test('exits 130 at Ctrl-C', async () => {
    expect(await (await run()).end('SIGINT')).toEqual({ code: 130, signal: null });
  });

  test('makes a key of 256 bits that only its owner can read, prints it nowhere, and lets nobody else read the data', async () => {
    const data = join(await dir(), 'new');
    const plane = await run({ data });
    await control(plane.url, 'start');
    expect(Buffer.from(plane.adminKey, 'base64url')).toHaveLength(32);
    await plane.end('SIGTERM');
    expect(plane.stdout() + plane.stderr()).not.toContain(plane.adminKey);
    const files = await readdir(data);
    expect(files).toEqual(expect.arrayContaining(['admin.key', 'durable.sqlite', 'host-keys.json', 'host.lock']));
    for (const file of ['.', ...files]) expect([file, (await stat(join(data, file))).mode & 0o077]).toEqual([file, 0]);
  });

  test('killed at any time, goes on with its key, its keys of the host and what was under way', async () => {
    const data = await dir();
    const first = await run({ data });
    expect(await control(first.url, 'start')).toMatchObject({
      runtimeStatus: expect.stringMatching(/Pending|Running/),
    });
    const hostKeys = await readFile(join(data, 'host-keys.json'), 'utf8');
    await first.end('SIGKILL');

    const second = await run({ data });
    expect([second.adminKey, await readFile(join(data, 'host-keys.json'), 'utf8')]).toEqual([first.adminKey, hostKeys]);
    await control(second.url, 'go');
    await eventually(async () => {
      const expected = { runtimeStatus: 'Completed', output: { gone: true } };
      expect(await control(second.url, 'status')).toEqual(expected);
      return true;
    });
  });

  test('exits 1 when the history cannot be written, so that whoever watches it starts it again', async () => {
    const { data, end } = await run();
    await end('SIGTERM');
    const history = new DatabaseSync(join(data, 'durable.sqlite'));
    history.exec(`CREATE TRIGGER full BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
    history.close();
    const plane = await run({ data });
    await fetch(`${plane.url}/api/control/start`, { method: 'POST' }).catch(() => undefined);
    expect((await plane.exit).code).toBe(1);
    expect(plane.stderr()).toContain('"evt":"ControlPlaneBroken"');
  });

  test('takes a key that is there, and warns when others can read it', async () => {
    const file = join(await dir(), 'my.key');
    await writeFile(file, 'a-key-of-somebody-else-1234\r\n');
    await chmod(file, 0o644);
    const plane = await run({ args: ['--admin-key-file', file] });
    const [, hash] = await settings(plane.url);
    expect(hash).toBe(createHash('sha256').update('a-key-of-somebody-else-1234').digest('hex'));
    expect(plane.stderr()).toContain('"evt":"AdminKeyExposed"');
    expect(await readdir(plane.data)).not.toContain('admin.key');
  });

  test.each(['', 'short\n', 'two words that are long enough\n'])('refuses a key file with "%s"', async (text) => {
    const file = join(await dir(), 'my.key');
    await writeFile(file, text);
    const { code, err } = await ends('--data', await dir(), '--admin-key-file', file);
    expect([code, err]).toEqual([2, expect.stringMatching(/^error: .*my\.key holds no key\n {2}try: remove /)]);
  });

  test('exits 1 when the address or the folder is taken', async () => {
    const { url, data } = await run();
    const taken = await ends('--data', await dir(), '--http', new URL(url).host);
    expect([taken.code, taken.err]).toEqual([
      1,
      expect.stringMatching(/cannot start: .*EADDRINUSE.*\n {2}try: another address with --http\n$/),
    ]);
    const used = await ends('--data', data);
    expect([used.code, used.err]).toEqual([
      1,
      expect.stringMatching(/cannot start: .*in use by another control plane/),
    ]);
  });

  test.each([
    ['fails', `throw new Error('no such thing');`, /cannot load .*sample\.js: no such thing/],
    ['streams', `${APP} app.setup({ enableHttpStream: true });`, /the app streams HTTP/],
  ])('exits 1 with the reason when the app %s', async (_, app, reason) => {
    const refused = await installPackage({ onTestFinished }, app);
    const child = await startChild(process.execPath, [refused, 'control-plane', 'run', '--data', await dir()]);
    expect((await child.exit).code).toBe(1);
    expect(child.stderr()).toMatch(new RegExp(`^error: the control plane cannot start: ${reason.source}.*\\n$`));
  });

  test('stops with --until-eof when standard input ends, which it does for a child without one', async () => {
    const { code, out } = await ends('--data', await dir(), '--until-eof');
    expect([code, out]).toEqual([0, expect.stringMatching(/^control plane at /)]);
  });

  test('warns on an address that others reach', async () => {
    const child = await startChild(process.execPath, [
      entry,
      'control-plane',
      'run',
      '--http',
      '0.0.0.0:0',
      '--data',
      await dir(),
      '--until-eof',
    ]);
    expect((await child.exit).code).toBe(0);
    expect(child.stderr()).toContain('"evt":"NotEncrypted"');
  });
});
