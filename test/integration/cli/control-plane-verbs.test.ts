import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Role } from '../../../functions/auth/caller.ts';
import { runCli } from '../../../cli/program.ts';
import { startApi, type TestApi } from '../../support/control-plane-api.ts';
import { createTempDir } from '../../support/temp-dir.ts';
import { fakeIo } from '../../unit/cli/fake-io.ts';
import { connectorYaml, SAMPLE, topicMapYaml } from '../../unit/cli/sample-config.ts';

const noAgent = async () => () => {
  throw new Error('no agent is wanted here');
};

/** The command line against the handlers of the app and its embedded store. */
async function startSite(role: Role = 'Bridge.Write') {
  const key = `key-${crypto.randomUUID()}`;
  const api = await startApi(
    { onTestFinished },
    {
      authorize: async (headers) =>
        headers.get('authorization') === `Bearer ${key}`
          ? { kind: 'caller', caller: { id: 'key:test', roles: new Set([role]) } }
          : { kind: 'unauthenticated', why: 'no key of the test' },
    },
  );
  const folder = await createTempDir({ onTestFinished });
  const keyFile = join(await createTempDir({ onTestFinished }), 'key');
  await writeFile(keyFile, key);
  const env = { MQTTBRIDGE_SERVER: 'http://127.0.0.1:7071', MQTTBRIDGE_SITE: 'plant', MQTTBRIDGE_KEY_FILE: keyFile };
  const ask = async (line: string, stdin = '') => {
    const io = fakeIo({ env, stdin, fetch: fetchFrom(api) });
    const code = await runCli(line.replaceAll('FOLDER', folder).split(' '), io, noAgent);
    expect(io.out() + io.err()).not.toContain(key);
    return { code, out: io.out(), err: io.err().replaceAll(folder, 'FOLDER') };
  };
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  return { ask, write, keyFile, folder };
}

/** A fetch that reaches the dispatcher of the app, without a network. */
function fetchFrom(api: TestApi): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const target = `${request.method} ${pathname}${search}`;
    const answer = await api.raw({ target, headers: request.headers, body: request.body });
    return new Response(answer.body ?? null, { status: answer.status, headers: { ...answer.headers } });
  };
}

const BOTH = 'mqttbridgeconnector/bridge WORD\nmqttbridgetopicmap/bridge-map WORD\n';

describe('definitions', () => {
  test('are created, unchanged, configured, compared and deleted', async () => {
    const { ask, write } = await startSite();
    await write('a.yaml', SAMPLE);
    expect(await ask('diff -f FOLDER')).toMatchObject({ code: 1, out: expect.stringContaining('+++ file/') as string });
    expect((await ask('apply -f FOLDER --dry-run=server')).out).toBe(
      BOTH.replaceAll('WORD', 'created (server dry run)'),
    );
    expect(await ask('get')).toEqual({ code: 0, out: '', err: 'nothing is defined at site plant\n' });
    expect(await ask('apply -f FOLDER')).toEqual({ code: 0, out: BOTH.replaceAll('WORD', 'created'), err: '' });
    expect(await ask('apply -f FOLDER')).toEqual({ code: 0, out: BOTH.replaceAll('WORD', 'unchanged'), err: '' });
    expect(await ask('diff -f FOLDER')).toEqual({ code: 0, out: '', err: '' });
    await write('a.yaml', SAMPLE.replace('telemetry/#', 'metrics/#'));
    expect((await ask('diff -f FOLDER')).out).toMatch(/^-      source: telemetry\/#\n\+      source: metrics\/#$/m);
    expect((await ask('apply -f FOLDER -o name')).out).toBe(
      'mqttbridgeconnector/bridge\nmqttbridgetopicmap/bridge-map\n',
    );
    expect((await ask('get mbtm bridge-map -o yaml')).out).toContain('source: metrics/#');
    expect((await ask('get sites')).out).toBe('NAME\nplant\n');
    expect(await ask('delete connector bridge')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--cascade') as string,
    });
    expect((await ask('delete connector bridge --cascade')).out).toBe('mqttbridgeconnector/bridge deleted\n');
    expect((await ask('get -o name')).out).toBe('');
    expect((await ask('delete connector bridge')).code).toBe(3);
    expect((await ask('delete -f FOLDER --ignore-not-found')).code).toBe(0);
  });

  test('that get prints can be applied again and change nothing', async () => {
    const { ask, write } = await startSite();
    const labels = "  labels: { country: 'NO', since: '1e3', port: '0o17', on: 'yes', line: \"a\\n b: #c\" }\n";
    await write('a.yaml', SAMPLE.replace('  name: bridge\n', `  name: bridge\n${labels}`));
    await ask('apply -f FOLDER');
    for (const format of ['yaml', 'json']) {
      const { out } = await ask(`get -o ${format}`);
      expect(await ask('apply -f -', out)).toEqual({ code: 0, out: BOTH.replaceAll('WORD', 'unchanged'), err: '' });
    }
  });

  test('that break rules are refused as a whole, each problem at its place in its file', async () => {
    const { ask, write } = await startSite();
    await write('a.yaml', `${connectorYaml()}---\n${topicMapYaml('bridge', 'factory/#')}`);
    await write(
      'b.json',
      JSON.stringify({ apiVersion: 'mq.iotoperations.azure.com/v1beta1', kind: 'MqttBridgeTopicMap' }),
    );
    await write('c.yaml', topicMapYaml('other'));
    const { code, out, err } = await ask('apply -f FOLDER');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatchInlineSnapshot(`
      "FOLDER/a.yaml:26:13  error  TM004  spec.routes[0].target: wildcards are not allowed in a target topic ("factory/#")
        try: leave target out to keep the source topic, or use "factory"
      FOLDER/b.json:1:1  error  TM001  metadata: this field is required
        try: add the field
      FOLDER/b.json:1:1  error  TM001  spec: this field is required
        try: add the field
      FOLDER/c.yaml:6:27  error  XR001  spec.mqttBridgeConnectorRef: there is no MqttBridgeConnector "other" in namespace default
        try: correct mqttBridgeConnectorRef, or add the connector
      error: the control plane refuses the documents; nothing was changed (422: A document breaks rules)
        try: correct them as said, and try again
      "
    `);
    expect((await ask('get -o name')).out).toBe('');
    expect((await ask('diff -f FOLDER')).code).toBe(2);
  });

  test('that cannot be read are refused at their place', async () => {
    const { ask, write } = await startSite();
    await write('a.yaml', SAMPLE);
    await write('b.yaml', 'a: b\nc: [\n');
    expect(await ask('apply -f FOLDER')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/^FOLDER\/b\.yaml:\d:\d {2}error {2}YA001 /m) as string,
    });
  });

  test('are asked what becomes of a message, as those of files are', async () => {
    const { ask, write } = await startSite();
    await write('a.yaml', SAMPLE);
    await ask('apply -f FOLDER');
    const { out } = await ask('explain -t telemetry/a');
    expect(out).toMatch(
      /^bridge: 1 of 1 routes forward it\n.*\nbridge-map\/up +local-to-remote +factory\/telemetry\/a /,
    );
    expect(out).toBe((await ask('explain -t telemetry/a -f FOLDER')).out);
    expect((await ask('explain -t a --direction remote-to-local')).out).toContain('0 of 0 routes');
    expect((await ask('explain -t a --connector other')).code).toBe(3);
  });

  test('of a hundred and more are all listed', async () => {
    const { ask, write } = await startSite();
    const names = Array.from({ length: 730 }, (_, index) => `c${String(index).padStart(4, '0')}`);
    await write('a.yaml', names.map((name) => connectorYaml(name)).join('---\n'));
    expect((await ask('apply -f FOLDER')).code).toBe(0);
    expect((await ask('get mbc -o name')).out).toBe(names.map((name) => `mqttbridgeconnector/${name}\n`).join(''));
  });
});

describe('keys', () => {
  test('are written to a file for their owner only, listed without secrets, and taken away', async () => {
    const { ask, folder } = await startSite('Bridge.Admin');
    await ask('apply -f -', SAMPLE);
    const line = 'create-key edge-1 --connector bridge --out FOLDER/agent.key';
    const made = await ask(line);
    expect({ ...made, out: made.out.replace(folder, 'FOLDER') }).toEqual({
      code: 0,
      out: 'grant/edge-1 created, its key is in FOLDER/agent.key\n',
      err: '',
    });
    const key = (await readFile(join(folder, 'agent.key'), 'utf8')).trim();
    expect([key.length > 40, (await stat(join(folder, 'agent.key'))).mode & 0o777]).toEqual([true, 0o600]);
    expect((await ask('get grants')).out).toMatch(/^NAME .*\nedge-1 +key +Bridge\.Agent +bridge +\d+s\n$/);
    for (const format of ['json', 'yaml', 'name'])
      expect((await ask(`get grants -o ${format}`)).out).not.toContain(key.slice(-20));
    expect(await ask(line)).toMatchObject({ code: 2, err: expect.stringContaining('EEXIST') as string });
    expect(await ask('delete grant edge-1')).toEqual({ code: 0, out: 'grant/edge-1 deleted\n', err: '' });
    expect((await ask('delete grant/edge-1')).code).toBe(3);
    expect((await ask('delete grant edge-1 --ignore-not-found')).code).toBe(0);
    expect((await ask('get grants')).err).toBe('nobody has a grant at site plant\n');
  });

  test('that are refused leave no file', async () => {
    const { ask, folder } = await startSite('Bridge.Write');
    expect(await ask('create-key --out FOLDER/a.key')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the role Bridge.Admin') as string,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['create-key', /required option '--out/],
    ['create-key Big --out FOLDER/k', /^error: id: must be a DNS label/],
    [
      'create-key --role Bridge.Read --connector bridge --out FOLDER/k',
      /a connector can be named for Bridge\.Agent only/,
    ],
    ['create-key --role root --out FOLDER/k', /Bridge\.Read, Bridge\.Write/],
    ['create-key --out FOLDER/no/k', /cannot make FOLDER\/no\/k: ENOENT/],
  ])('%s exits 2', async (line, expected) => {
    const { ask } = await startSite('Bridge.Admin');
    expect(await ask(line)).toEqual({ code: 2, out: '', err: expect.stringMatching(expected) as string });
  });
});

describe('a caller', () => {
  test('who may only look cannot change anything', async () => {
    const { ask, write } = await startSite('Bridge.Read');
    await write('a.yaml', SAMPLE);
    expect((await ask('diff -f FOLDER')).code).toBe(1);
    expect(await ask('apply -f FOLDER')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/\(403: .*\n {2}try: ask its administrator for the role Bridge\.Write/) as string,
    });
  });

  test('nobody knows is told so', async () => {
    const { ask, keyFile } = await startSite();
    await writeFile(keyFile, 'another-key-of-somebody');
    expect(await ask('get')).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not know who asks (401') as string,
    });
  });
});
