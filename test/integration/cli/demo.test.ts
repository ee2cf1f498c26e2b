import { access, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Child, startChild } from '../../support/child.ts';
import { demoCommand } from '../../../cli/demo.ts';
import { fakeIo } from '../../unit/cli/fake-io.ts';
import { eventually } from '../../support/eventually.ts';
import { MAIN, startDemo } from './start-demo.ts';

/** Three processes start, on a machine that may do much else. */
const PATIENCE = { deadlineMs: 40_000 };

/** The path of the topic map that the demo tells its user to edit. */
async function mapOf(demo: Child): Promise<string> {
  return eventually(() => /mqttbridge apply -f (\/.*topic-map\.yaml)$/m.exec(demo.stdout())?.[1], PATIENCE);
}

/** The environment that the demo tells its user to set. */
function settingsOf(demo: Child): Record<string, string> {
  const line = /^ {2}export (.*)$/m.exec(demo.stdout())?.[1] ?? '';
  return Object.fromEntries(line.split(' ').map((setting) => setting.split('=') as [string, string]));
}

/** Where both agents say how they are. */
async function statusUrls(demo: Child): Promise<string[]> {
  return eventually(() => {
    const urls = demo.stdout().match(/http:\/\/\S+\/status/g);
    return urls?.length === 2 ? urls : undefined;
  }, PATIENCE);
}

async function firstMessages(demo: Child): Promise<void> {
  await eventually(() => demo.stdout().match(/^first message/gm)?.length === 2, PATIENCE);
}

describe('mqttbridge demo', { timeout: 100_000 }, () => {
  test('bridges both ways, and ends clean at SIGTERM with nothing left behind', async () => {
    const demo = await startDemo({ onTestFinished });
    const map = await mapOf(demo);
    await firstMessages(demo);
    await eventually(() => /^up [\d.]+ msg\/s {2}down [\d.]+ msg\/s {2}forwarded [1-9]/m.test(demo.stdout()), PATIENCE);
    const urls = await statusUrls(demo);
    expect(await demo.end('SIGTERM')).toEqual({ code: 0, signal: null });
    const out = demo.stdout();
    expect(out).toMatch(/^ {2}mosquitto_sub -h localhost -p \d+ --cafile \/\S+ -v -t 'factory\/#'/m);
    expect(out).toMatch(/^ {2}mqttx sub -h localhost -p \d+ -l mqtts --ca \/\S+ -t 'factory\/#'$/m);
    expect(out).toMatch(/^first message local to remote after \d/m);
    expect(out).toMatch(/^first message remote to local after \d.*, on commands\/factory$/m);
    expect(out).toMatch(/^sent [1-9]\d* messages at QoS 1 in \d+\.\d s: arrived [1-9]\d*, twice 0, under way 0$/m);
    expect(demo.stderr()).toBe('');
    await expect(access(map)).rejects.toThrow('ENOENT');
    for (const url of urls) await expect(fetch(url)).rejects.toThrow('fetch failed');
  });

  test('ends by itself after a time', async () => {
    const demo = await startDemo({ onTestFinished }, '--for', '1');
    expect(await demo.exit).toEqual({ code: 0, signal: null });
    expect(demo.stdout()).toMatch(/, lost 0$/m);
  });

  test('takes an edited route by the commands that it prints, and ends clean at Ctrl-C', async () => {
    const demo = await startDemo({ onTestFinished });
    const map = await mapOf(demo);
    await firstMessages(demo);
    const urls = await statusUrls(demo);
    await writeFile(map, (await readFile(map, 'utf8')).replace('my-topic/#', 'our-topic/#'));
    const applied = await startChild(process.execPath, [MAIN, 'apply', '-f', map], { env: settingsOf(demo) });
    expect(await applied.exit).toEqual({ code: 0, signal: null });
    expect(applied.stdout()).toBe('mqttbridgetopicmap/my-topic-map configured\n');
    await eventually(async () => {
      const statuses = await Promise.all(urls.map(async (url) => (await fetch(url)).json()));
      const routes = (statuses as { routes: { source: string }[] }[]).flatMap((status) => status.routes);
      return routes.some((route) => route.source === 'our-topic/#');
    }, PATIENCE);
    expect((await demo.end('SIGINT')).code).toBe(130);
    expect(demo.stdout()).toMatch(/^sent [1-9]\d* messages at QoS 1/m);
  });

  test('tours the control plane: a definition that changes under traffic, an agent that dies', async () => {
    const demo = await startDemo({ onTestFinished });
    await eventually(() => demo.stdout().includes('that was the tour'), { deadlineMs: 80_000 });
    expect((await demo.end('SIGTERM')).code).toBe(0);
    const out = demo.stdout();
    expect(out).toMatch(/^DONE {6}mqttbridge apply, .*: mqttbridgetopicmap\/my-topic-map configured$/m);
    expect(out).toMatch(/^RECOVERS {2}\d+\.\d s later the first message arrived on plant\/telemetry/m);
    expect(out).toMatch(/^OPERATOR {2}after .* mqttbridge health says Degraded: AgentSilent: /m);
    expect(out).toMatch(/^RECOVERS {2}mqttbridge health says Healthy$/m);
    expect(demo.stderr()).toBe('');
  });

  test('takes its agents with it when it is killed', async () => {
    const demo = await startDemo({ onTestFinished });
    const urls = await statusUrls(demo);
    await firstMessages(demo);
    await demo.end('SIGKILL');
    await eventually(async () => {
      const answers = await Promise.all(urls.map((url) => fetch(url).catch(() => 'gone')));
      return answers.every((answer) => answer === 'gone');
    }, PATIENCE);
  });

  test('says so and ends when one of its processes ends by itself', async () => {
    const program = 'process.stderr.write("no such thing\\n"); process.exitCode = 3';
    const io = { ...fakeIo(), program: { command: process.execPath, args: ['-e', program] } };
    expect(await demoCommand({ http: { host: '127.0.0.1', port: 0 } }, io)).toBe(1);
    expect(io.err()).toMatch(/^error: the control plane did not start:\nno such thing\n$/);
  });
});
