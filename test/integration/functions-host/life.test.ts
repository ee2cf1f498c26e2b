import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFunctionsHost } from '../../../local/functions-host/host.ts';
import { eventually } from '../../support/eventually.ts';
import { seen } from '../../support/functions-app/seen.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { openRaw } from './raw-http.ts';
import { recordingLogger } from './recording-logger.ts';
import { SAMPLE_APP, startSample } from './start-sample.ts';

test('a host has its folder and its process alone, and stops when the requests that run have their answers', async () => {
  const parent = await createTempDir({ onTestFinished }, 'data');
  const dataDir = join(parent, 'new');
  const host = await startSample({ onTestFinished }, { dataDir });
  const modes = await Promise.all([
    stat(dataDir),
    stat(join(dataDir, 'host-keys.json')),
    stat(join(dataDir, 'host.lock')),
  ]);
  expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600', '600']);
  expect([process.env['WEBSITE_HOSTNAME'], host.engine.calls]).toEqual([`127.0.0.1:${host.port}`, ['start']]);

  const start = (folder: string) =>
    createFunctionsHost({ appDir: SAMPLE_APP, dataDir: folder, logger: recordingLogger() }).start();
  await expect(start(dataDir)).rejects.toThrow(`${dataDir} is in use by another control plane`);
  await expect(start(join(parent, 'other'))).rejects.toThrow('this process has loaded a Functions app');
  expect((await fetch(`${host.url}/api/echo`)).status).toBe(200);

  const { promise, resolve } = Promise.withResolvers<void>();
  seen.hold = promise;
  const [slow, idle] = [openRaw({ onTestFinished }, host), openRaw({ onTestFinished }, host)];
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  idle.send(request('/api/echo'));
  await idle.answers(1);
  slow.send(request('/api/slow'));
  await eventually(() => seen.begun === 1);
  const stopped = host.stop();
  expect(await idle.closed()).toEqual(['200']);
  await expect(fetch(`${host.url}/api/echo`)).rejects.toThrow();
  expect(slow.text()).toBe('');
  resolve();
  expect(await slow.closed()).toEqual(['200']);
  expect(slow.text()).toMatch(/connection: close[^]*done$/i);
  await stopped;
  await host.stop();
  expect([host.engine.calls, seen.hooks]).toEqual([
    ['start', 'stop'],
    ['appStart', 'appTerminate'],
  ]);
});
