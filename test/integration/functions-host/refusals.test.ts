import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFunctionsHost, type HostOptions } from '../../../local/functions-host/host.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { createEngineDouble } from './engine-double.ts';
import { recordingLogger } from './recording-logger.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const MANIFEST = JSON.stringify({ type: 'module', main: 'functions/*.js' });
const HOST_JSON = JSON.stringify({ version: '2.0' });
const GOOD = `app.http('good', { authLevel: 'anonymous', handler: () => ({}) });`;

/** An app in a folder of its own; `code` is what its one entry file does. */
async function appOf(code: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const dir = await createTempDir({ onTestFinished }, 'app');
  const all = {
    'package.json': MANIFEST,
    'host.json': HOST_JSON,
    'functions/one.js': `import { app, output, trigger } from '@azure/functions';\nimport * as df from 'durable-functions';\n${code}`,
    ...files,
  };
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return dir;
}

async function start(appDir: string, options: Partial<HostOptions> = {}) {
  const dataDir = options.dataDir ?? (await createTempDir({ onTestFinished }, 'data'));
  const engine = createEngineDouble().create;
  const host = await createFunctionsHost({ appDir, dataDir, logger: recordingLogger(), engine, ...options }).start();
  onTestFinished(() => host.stop(1_000));
  return host;
}

describe('an app is refused as a whole', () => {
  test.each([
    ['a file fails', `${GOOD} throw new Error('no database');`, /functions\/one\.js: no database/],
    ['a file has a mistake', `${GOOD} }`, /functions\/one\.js: /],
    ['it registers nothing', '', /no function is registered/],
    ['a function is registered twice', `${GOOD} ${GOOD}`, /two functions with the name "good"/],
    [
      'a trigger is of another kind',
      `${GOOD} app.storageQueue('work', { queueName: 'q', connection: 'c', handler: () => {} });`,
      /function "work" has a binding of type "queueTrigger"/,
    ],
    [
      'an output is of another kind',
      `app.http('good', { handler: () => ({}), extraOutputs: [output.storageQueue({ queueName: 'q', connection: 'c' })] });`,
      /function "good" has a binding of type "queue"/,
    ],
    [
      'an input is of another kind',
      `app.http('good', { handler: () => ({}), extraInputs: [{ type: 'blob', name: 'b', path: 'x', connection: 'c' }] });`,
      /function "good" has a binding of type "blob"/,
    ],
    [
      'a function wants retries',
      `app.timer('tick', { schedule: '0 0 * * * *', handler: () => {}, retry: { strategy: 'fixedDelay', delayInterval: 1000, maxRetryCount: 3 } });`,
      /function "tick" has retry options/,
    ],
    [
      'a schedule is none',
      `app.timer('tick', { schedule: '%TICK%', handler: () => {} });`,
      /the schedule of function "tick": "%TICK%" is not an NCRONTAB/,
    ],
    [
      'a route cannot be followed',
      `app.http('good', { route: 'a/{b}.{c}', handler: () => ({}) });`,
      /function "good": "\{b\}\.\{c\}" of the route/,
    ],
    [
      'two functions have one route',
      `app.http('a', { route: 'x', handler: () => ({}) }); app.http('b', { route: 'X', handler: () => ({}) });`,
      /functions "a" and "b" both answer GET/,
    ],
    [
      'an authLevel is unknown',
      `app.http('good', { authLevel: 'system', handler: () => ({}) });`,
      /function "good" has an authLevel/,
    ],
    ['a start hook fails', `${GOOD} app.hook.appStart(() => { throw new Error('not today'); });`, /not today/],
    [
      'a hook is unknown',
      `${GOOD} const { createRequire } = await import('node:module'); createRequire(import.meta.url)('@azure/functions-core').registerHook('sometimes', () => {});`,
      /no hook "sometimes"/,
    ],
  ])('when %s', async (_, code, message) => {
    await expect(start(await appOf(code))).rejects.toThrow(message);
  });

  test('with every fault in one message', async () => {
    const queue = (name: string) =>
      `app.storageQueue('${name}', { queueName: 'q', connection: 'c', handler: () => {} });`;
    const faults = /"one" has a binding of type "queueTrigger".*; function "two" has/;
    await expect(start(await appOf(`${queue('one')} ${queue('two')}`))).rejects.toThrow(faults);
  });

  test('when it needs a durable engine and there is none', async () => {
    const dir = await appOf(`df.app.activity('work', { handler: () => 1 });`);
    const dataDir = await createTempDir({ onTestFinished }, 'data');
    const host = createFunctionsHost({ appDir: dir, dataDir, logger: recordingLogger() });
    await expect(host.start()).rejects.toThrow('function "work" needs a durable engine');
  });

  test.each([
    ['package.json', '{', /cannot read .*package\.json/],
    ['package.json', '{}', /package\.json has no "main"/],
    [
      'package.json',
      JSON.stringify({ type: 'module', main: 'dist/*.js' }),
      /no file matches "dist\/\*\.js" .*; is the app built\?/,
    ],
    ['host.json', '{', /host\.json cannot be used/],
    ['host.json', '{"version":"1.0"}', /host\.json cannot be used: its version is not "2\.0"/],
  ])('when %s is %s', async (name, text, message) => {
    await expect(start(await appOf(GOOD, { [name]: text }))).rejects.toThrow(message);
  });
});

test('what cannot be had is told, and the folder is free again', async () => {
  const dataDir = await createTempDir({ onTestFinished }, 'data');
  await expect(start(await appOf(''), { dataDir })).rejects.toThrow('no function');
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const http = { port: (taken.address() as AddressInfo).port };
  await expect(start(await appOf(GOOD), { dataDir, http })).rejects.toThrow('EADDRINUSE');
  const host = await start(await appOf(GOOD), { dataDir });
  expect((await fetch(`${host.url}/api/good`)).status).toBe(200);
});
