import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Child, startChild } from '../../support/child.ts';
import { bridgeYaml, outward } from '../../support/bridge-config.ts';
import { buildImage, contextFiles, type Image } from '../../support/docker/image.ts';
import { eventually } from '../../support/eventually.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { createScope } from '../../support/scope.ts';
import { createTempDir } from '../../support/temp-dir.ts';

const PROGRAM = '/opt/mqttbridge';
const scope = createScope();
let image: Image;
let files: readonly File[];

interface File {
  /** Relative to the program's folder. */
  readonly path: string;
  readonly bytes: number;
}

beforeAll(async () => {
  image = await buildImage(scope);
  files = await list(image.at(PROGRAM));
  return () => scope.close();
});

async function list(folder: string): Promise<File[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.sort().map(async (path) => ({ path: path.slice(folder.length + 1), bytes: (await stat(path)).size })),
  );
}

const bytesOf = (of: readonly File[]) => of.reduce((sum, { bytes }) => sum + bytes, 0);

/** The image's command, in the image's working folder and with nothing in its environment. */
async function start(...args: string[]): Promise<Child> {
  const child = await startChild(process.execPath, [...image.command, ...args], {
    cwd: image.at('/var/lib/mqttbridge'),
    env: {},
  });
  onTestFinished(async () => {
    await child.end('SIGKILL');
  });
  return child;
}

/** What `--once-ready` says, as soon as the process is ready. */
async function ready(child: Child, file: string): Promise<{ http: string; adminKeyFile?: string }> {
  const text = async () => (child.running() ? readFile(file, 'utf8').catch(() => undefined) : 'ended');
  const found = await eventually(text, { deadlineMs: 15_000, describe: child.stderr });
  if (found === 'ended') throw new Error(`it ended before it was ready:\n${child.stderr()}`);
  return JSON.parse(found) as { http: string };
}

describe('the build context', () => {
  test('is small, and has no test, secret or generated file', async () => {
    const context = await contextFiles();
    expect(new Set(context.map((file) => file.split('/')[0]))).not.toContain('test');
    expect(context.filter((file) => /\.test\.|(?:^|\/)\.|\.pem$|\.key$|local\.settings|dist\//.test(file))).toEqual([]);
    expect(context.length).toBeLessThan(1_500);
  });
});

describe('what the image adds to its base', () => {
  test('is the program, the app, the packages of the app, and nothing else', () => {
    const other = files.filter(
      ({ path }) => !/^(?:dist\/(?:bin\/[\w-]+\.cjs|(?:functions|shared)\/.+\.js)|node_modules\/.+)$/.test(path),
    );
    expect(other.map(({ path }) => path)).toEqual(['LICENSE', 'dist/bin/LICENSES.txt', 'host.json', 'package.json']);
  });

  test('has no types, maps, tests, keys or machine code, and keeps licences', () => {
    const paths = files.map(({ path }) => path);
    expect(paths.filter((path) => /\.(?:ts|mts|cts|map|node|pem|key|pfx)$/.test(path))).toEqual([]);
    expect(paths.filter((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+\/tests?\//.test(path))).toEqual([]);
    expect(paths).toContain('node_modules/@azure/functions/LICENSE');
  });

  test('is a program of less than 5 MB, and less than 60 MB in all', () => {
    const program = bytesOf(files.filter(({ path }) => /^dist\/bin\/.*\.cjs$/.test(path)));
    console.log(`the program has ${program} bytes, all together ${bytesOf(files)}`);
    expect(program).toBeLessThan(5e6);
    expect(bytesOf(files)).toBeLessThan(60e6);
  });
});

describe('a container', () => {
  test('tells its version', async () => {
    const child = await start('version');
    expect(await child.exit).toEqual({ code: 0, signal: null });
    expect(child.stdout()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('validates', async () => {
    const child = await start('validate', '-f', join(import.meta.dirname, '../../../infra/docker/bridge.yaml'));
    expect([await child.exit, child.stderr()]).toEqual([{ code: 0, signal: null }, expect.stringMatching(/^ok: /)]);
  });

  test('bridges two brokers, is ready, ends at SIGTERM, and writes nothing where it lives', async (t) => {
    const [local, remote] = [await startMosquitto(t), await startMosquitto(t)];
    const folder = await createTempDir(t);
    const routes = [outward('up', 'up/#')];
    await writeFile(join(folder, 'a.yaml'), bridgeYaml({ local: local.port, remote: remote.port, routes }));
    const file = join(folder, 'ready.json');
    const agent = await start('run', '-f', join(folder, 'a.yaml'), '--http', '127.0.0.1:0', '--once-ready', file);
    const { http } = await ready(agent, file);
    expect((await fetch(`http://${http}/readyz`)).status).toBe(200);
    expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await list(image.at(PROGRAM))).toEqual(files);
    expect(await readdir(image.at('/var/lib/mqttbridge'))).toEqual([]);
  });

  test('is a control plane with its data elsewhere, and writes nothing where it lives', async (t) => {
    const folder = await createTempDir(t);
    const [data, file] = [join(folder, 'data'), join(folder, 'ready.json')];
    const child = await start('control-plane', 'run', '--http', '127.0.0.1:0', '--data', data, '--once-ready', file);
    const { http, adminKeyFile = '' } = await ready(child, file);
    const headers = { authorization: `Bearer ${(await readFile(adminKeyFile, 'utf8')).trim()}` };
    const answer = await fetch(`http://${http}/api/sites`, { headers });
    expect([answer.status, await answer.json()]).toMatchObject([200, { items: [] }]);
    expect(await child.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await list(image.at(PROGRAM))).toEqual(files);
    expect(await readdir(data)).toContain('control-plane.sqlite');
  });
});
