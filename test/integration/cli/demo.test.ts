import { access, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Child, startChild } from '../../support/child.ts';
import { eventually } from '../../support/eventually.ts';

const MAIN = resolve(import.meta.dirname, '../../../cli/main.ts');

async function startDemo(...args: string[]): Promise<Child> {
  const child = await startChild(process.execPath, [MAIN, 'demo', '--http', '127.0.0.1:0', ...args]);
  onTestFinished(async () => {
    await child.end('SIGKILL');
  });
  return child;
}

/** The path of the topic map that the demo tells its user to edit. */
async function mapOf(demo: Child): Promise<string> {
  return eventually(() => /^ {2}(\/.*topic-map\.yaml)$/m.exec(demo.stdout())?.[1]);
}

describe('mqttbridge demo', () => {
  test('bridges both ways, ends by itself and leaves nothing behind', async () => {
    const demo = await startDemo('--for', '3');
    const map = await mapOf(demo);
    expect(await demo.exit).toEqual({ code: 0, signal: null });
    const out = demo.stdout();
    expect(out).toMatch(/^ {2}mosquitto_sub -h 127\.0\.0\.1 -p \d+ -v -t 'factory\/#'/m);
    expect(out).toMatch(/^ {2}mqttx sub -h 127\.0\.0\.1 -p \d+ -t 'factory\/#'$/m);
    expect(out).toMatch(/^first message local to remote after \d/m);
    expect(out).toMatch(/^first message remote to local after \d.*, on commands\/factory$/m);
    expect(out).toMatch(/^up [\d.]+ msg\/s {2}down [\d.]+ msg\/s {2}forwarded \d+ {2}dropped 0 /m);
    expect(out).toMatch(/^forwarded [1-9]\d* messages over 5 routes in \d+\.\d s, dropped 0$/m);
    expect(demo.stderr()).toBe('');
    await expect(access(map)).rejects.toThrow('ENOENT');
  });

  test('applies an edited route while it runs, and ends clean at Ctrl-C', async () => {
    const demo = await startDemo();
    const map = await mapOf(demo);
    await eventually(() => demo.stdout().includes('first message local to remote'));
    const url = /http:\/\/\S+\/status/.exec(demo.stdout())?.[0] ?? '';
    await writeFile(map, (await readFile(map, 'utf8')).replace('factory/telemetry', 'plant/telemetry'));
    await eventually(async () => {
      const { routes } = (await (await fetch(url)).json()) as { routes: { target?: string }[] };
      return routes.some((route) => route.target === 'plant/telemetry');
    });
    expect((await demo.end('SIGINT')).code).toBe(130);
    expect(demo.stdout()).toMatch(/^forwarded [1-9]\d* messages over 5 routes/m);
  });
});
