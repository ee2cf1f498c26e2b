import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../../cli/program.ts';
import { createControlPlaneDouble } from '../../../support/control-plane-double.ts';
import { fakeIo } from '../fake-io.ts';
import { connectorYaml, folderOf, SAMPLE } from '../sample-config.ts';

const NOW = new Date();
const HOUR_MS = 3_600_000;
const CANARY = 'canary9f3';

interface Wishes {
  readonly fetch?: typeof fetch;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the command in a folder and unpacks what it made. */
async function bundle(line: string, { fetch = offline, files = {}, env = {} }: Wishes = {}) {
  const folder = await folderOf(files);
  const io = fakeIo({ fetch, env, wallClock: () => NOW });
  const argv = ['support-bundle', '--out', join(folder, 'b.tar.gz'), ...line.split(' ').filter(Boolean)];
  const code = await runCli(
    argv.map((word) => word.replace('FOLDER', folder)),
    io,
    () => Promise.reject(new Error('no agent')),
  );
  return { code, folder, out: io.out(), err: io.err(), ...(await unpack(folder)) };
}

async function unpack(folder: string) {
  const file = join(folder, 'b.tar.gz');
  const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n');
  const read = (name: string) => execFileSync('tar', ['-xOzf', file, name], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const everything = names.map((name) => `${name}\n${read(name)}`).join('\n');
  return { file, names, read, everything, manifest: JSON.parse(read('manifest.json')) as Manifest };
}

interface Manifest {
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly failures: readonly { readonly source: string; readonly why: string }[];
}

const offline: typeof fetch = () => Promise.reject(new TypeError('fetch failed'));

/** An agent that answers so. */
const agentOf =
  (answers: Readonly<Record<string, string>>): typeof fetch =>
  async (input) => {
    const { pathname } = new URL(new Request(input).url);
    return new Response(answers[pathname] ?? '');
  };

test('it has a manifest, also of what could not be collected, and is for its owner only', async () => {
  const files = { 'good.yaml': SAMPLE };
  const { code, err, out, names, manifest, file } = await bundle(
    '-f FOLDER/good.yaml --http 127.0.0.1:9600 --log-file FOLDER/none',
    { files },
  );
  expect(code).toBe(0);
  expect(out).toBe(`${file}\n`);
  expect(names).toEqual(['manifest.json', 'config/validation.json', 'config/resources.yaml', 'config/plan.json']);
  expect(manifest).toMatchObject({ kind: 'SupportBundle', platform: { node: 'v24.0.0' } });
  expect(manifest.failures.map(({ source, why }) => [source.replace(/.*\//, ''), why])).toEqual([
    ['status', 'fetch failed'],
    ['readyz?verbose', 'fetch failed'],
    ['metrics', 'fetch failed'],
    ['none', 'ENOENT'],
  ]);
  expect(err.match(/^not collected: /gm)).toHaveLength(4);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('agents are asked for status, readiness and metrics', async () => {
  const fetch = agentOf({ '/status': '{"apiVersion":"x"}', '/readyz': 'ok', '/metrics': 'mqttbridge_up 1\n' });
  const { names, read } = await bundle('--http 127.0.0.1:9600 --http [::1]:9601', { fetch });
  expect(names).toEqual(
    expect.arrayContaining([
      'agents/1/status.json',
      'agents/1/readyz.txt',
      'agents/1/metrics.txt',
      'agents/2/status.json',
    ]),
  );
  expect(read('agents/1/metrics.txt')).toBe('mqttbridge_up 1\n');
});

test('an answer without an end is cut off', async () => {
  const endless: typeof fetch = async () =>
    new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) }));
  const { manifest } = await bundle('--http 127.0.0.1:9600', { fetch: endless });
  expect(manifest.failures).toHaveLength(3);
  expect(manifest.failures[0]?.why).toContain('the answer is longer');
});

test('a control plane gives definitions, health and events, or says why not', async () => {
  const double = createControlPlaneDouble();
  const files = { 'key.txt': `${double.key}\n` };
  const line = `--server http://127.0.0.1:7071 --site ${double.site} --key-file FOLDER/key.txt`;
  const { names, everything, manifest } = await bundle(line, { files, fetch: double.fetch });
  expect(manifest.failures).toEqual([]);
  expect(names).toEqual(
    expect.arrayContaining(['control-plane/connectors.yaml', 'control-plane/health.json', 'control-plane/events.json']),
  );
  expect(everything).not.toContain(double.key);
  const away = await bundle(line, { files });
  expect(away.code).toBe(0);
  expect(away.manifest.failures.length).toBeGreaterThanOrEqual(3);
});

describe('logs', () => {
  const line = (age: number, msg: string) =>
    JSON.stringify({ time: new Date(NOW.getTime() - age * HOUR_MS).toISOString(), msg });

  test('only what is young enough is taken, lines without a time with those before them', async () => {
    const text = [line(30, 'old'), 'old continued', line(2, 'young'), 'young continued', ''].join('\n');
    const { read } = await bundle('--log-file FOLDER/a.log', { files: { 'a.log': text } });
    expect(read('logs/1-a.log').match(/old|young/g)).toEqual(['young', 'young']);
    const short = await bundle('--log-file FOLDER/a.log --log-age 90m', { files: { 'a.log': text } });
    expect(short.read('logs/1-a.log')).not.toContain('young');
  });

  test('of a long file only the end is taken', async () => {
    const text = `${line(1, 'first')}\n${`${line(1, 'x'.repeat(500))}\n`.repeat(17_000)}${line(1, 'last')}\n`;
    const { read } = await bundle('--log-file FOLDER/a.log', { files: { 'a.log': text } });
    const log = read('logs/1-a.log');
    expect(log).toContain('"msg":"last"');
    expect(log).not.toContain('"msg":"first"');
    expect(log.length).toBeLessThan(8 * 1024 * 1024 + 1);
  });

  test('links, folders and files that nobody wrote to are left out', async () => {
    const folder = await folderOf({ 'secret.txt': CANARY, 'stale.log': CANARY });
    await symlink(join(folder, 'secret.txt'), join(folder, 'link.log'));
    await mkdir(join(folder, 'folder.log'));
    const old = new Date(NOW.getTime() - 48 * HOUR_MS);
    await utimes(join(folder, 'stale.log'), old, old);
    const paths = ['link.log', 'folder.log', 'stale.log'].map((name) => `--log-file ${join(folder, name)}`);
    const { everything, manifest } = await bundle(paths.join(' '));
    expect(everything).not.toContain(CANARY);
    expect(manifest.failures.map(({ why }) => why)).toEqual([
      'ELOOP',
      'it is not a plain file',
      expect.stringContaining('nothing was written'),
    ]);
  });
});

test('nothing that is there is overwritten, and nothing is written through a link', async () => {
  const folder = await folderOf({ 'there.tar.gz': 'kept' });
  await symlink(join(folder, 'elsewhere'), join(folder, 'link.tar.gz'));
  for (const name of ['there.tar.gz', 'link.tar.gz']) {
    const io = fakeIo();
    expect(
      await runCli(['support-bundle', '--out', join(folder, name)], io, () => Promise.reject(new Error('no'))),
    ).toBe(1);
    expect(io.err()).toMatch(/EEXIST\n {2}try: /);
  }
  expect(await readdir(folder)).not.toContain('elsewhere');
});

test.each([
  ['--http 9600', /not HOST:PORT/],
  ['--log-age soon', /not a time/],
  ['--server http://127.0.0.1:1', /which site is not said/],
])('%s is refused', async (line, err) => {
  const io = fakeIo();
  expect(await runCli(['support-bundle', ...line.split(' ')], io, () => Promise.reject(new Error('no')))).toBe(2);
  expect(io.err()).toMatch(err);
});

const jwt = `eyJ${CANARY}header.eyJ${CANARY}claims.${CANARY}signature`;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const keyLines = pem.split('\n').filter((line) => line.length > 10 && !line.startsWith('-'));

/** Every kind of secret, in texts and as fields. */
const TEXTS = {
  error: `refused: password=${CANARY} for user`,
  header: `Authorization: Bearer ${CANARY}`,
  jwt: `got ${jwt} from there`,
  sas: `SharedAccessSignature sr=x&sig=${CANARY}&se=1`,
  connection: `Endpoint=sb://x;SharedAccessKey=${CANARY}`,
  url: `https://user:${CANARY}@host.example/path`,
  address: `user:${CANARY}@host:1883`,
  message: `payload: ${CANARY}`,
  pem,
};
const LEAKS = {
  ...TEXTS,
  password: CANARY,
  nested: { token: CANARY, list: [{ apiKey: CANARY, payload: CANARY, body: { a: CANARY } }] },
};

test('F31 - secrets and payloads in any source do not come into the bundle', async () => {
  const texts = Object.values(TEXTS);
  const leakyConnector = connectorYaml()
    .replace(
      'authentication: { anonymous: {} }',
      `authentication: { usernamePassword: { secretName: s, password: ${CANARY}, geheim: ${CANARY} } }`,
    )
    .replace('endpoint: localhost:2', `endpoint: user:${CANARY}@localhost:2`)
    .replace(
      'metadata:\n',
      `metadata:\n  annotations: { last-applied: '{"password":"${CANARY}"}', other: ${CANARY} }\n`,
    );
  const files = {
    'bad.yaml': `${leakyConnector}---\napiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { password: ${CANARY} }\n`,
    'broken.yaml': `password: *${CANARY}\nx: [${CANARY}\n`,
    'agent.log': [
      JSON.stringify(LEAKS),
      ...texts,
      pem.slice(0, -40),
      ...keyLines,
      'end',
      `key ${CANARY}-own-key is bad`,
    ].join('\n'),
    'key.txt': `${CANARY}-own-key\n`,
  };
  const fetch: typeof globalThis.fetch = async (input) => {
    const { pathname } = new URL(new Request(input).url);
    if (pathname === '/status') return Response.json(LEAKS);
    if (pathname === '/readyz' || pathname === '/metrics') return new Response(texts.join('\n'));
    return Response.json(
      { type: 'x', title: `password=${CANARY}`, detail: `no ${CANARY}-own-key`, status: 401 },
      { status: 401 },
    );
  };
  const line =
    '-f FOLDER/bad.yaml -f FOLDER/broken.yaml --http 127.0.0.1:1 --log-file FOLDER/agent.log --server http://127.0.0.1:7071 --site s --key-file FOLDER/key.txt';
  const { everything, out, err, names } = await bundle(line, { files, fetch });
  expect(names).toEqual(expect.arrayContaining(['agents/1/status.json', 'logs/1-agent.log', 'config/resources.yaml']));
  const shown = everything + out + err;
  expect(shown.split('\n').filter((text) => text.includes(CANARY))).toEqual([]);
  for (const text of keyLines) expect(shown).not.toContain(text);
  expect(shown).not.toContain('PRIVATE KEY');
});
