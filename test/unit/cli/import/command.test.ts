import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../../../cli/program.ts';
import { fakeIo } from '../fake-io.ts';
import { folderOf } from '../sample-config.ts';

const CANARY = 'canary-77aa';
const GOOD = `connection plant\naddress r:1883\nbridge_protocol_version mqttv50\nnotifications false\ntopic a/# out 1\n`;
const SECRET = `${GOOD}remote_username u\nremote_password ${CANARY}\n`;

async function run(line: string, files: Readonly<Record<string, string>> = {}, stdin?: string) {
  const folder = await folderOf(files);
  const io = fakeIo(stdin === undefined ? {} : { stdin });
  const argv = line.split(' ').map((word) => word.replace('FOLDER', folder));
  const code = await runCli(argv, io, () => Promise.reject(new Error('no agent is wanted here')));
  return { code, out: io.out(), err: io.err(), folder };
}

describe('exit codes', () => {
  test.each([
    ['import -f FOLDER/a.conf', GOOD, 0],
    ['import -f FOLDER', GOOD, 0],
    ['import -f FOLDER/a.conf --warnings-as-errors', GOOD, 1],
    ['import -f FOLDER/a.conf', `${GOOD}keepalive_interval soon\n`, 2],
    ['import -f FOLDER/a.conf', `${GOOD}connection other\n`, 2],
    ['import -f FOLDER/a.conf', 'listener 1883\n', 2],
    ['import -f FOLDER/missing.conf', GOOD, 2],
    ['import -f FOLDER/a.conf --from xml', GOOD, 2],
    ['import -f FOLDER/a.conf --levels 99', GOOD, 2],
    ['import -f FOLDER/a.conf --name No_Name', GOOD, 2],
    ['import', GOOD, 2],
  ])('%s', async (line, text, code) => {
    expect((await run(line, { 'a.conf': text })).code).toBe(code);
  });
});

test.each(['', 'listener 1883\n', '# nothing\n'])('a file without a bridge says so: %j', async (text) => {
  const { err, code } = await run('import -f FOLDER/a.conf', { 'a.conf': text });
  expect(code).toBe(2);
  expect(err).toMatch(/a\.conf:1:1 {2}error {2}import: there is no bridge in it\n {2}try: /);
});

test('what one connection lacks does not hide another one', async () => {
  const { out, err, code } = await run('import -f FOLDER/a.conf', { 'a.conf': `${GOOD}connection other\n` });
  expect(code).toBe(2);
  expect(out).toContain('name: plant\n');
  expect(err).toMatch(/a\.conf:6:1 {2}error {2}connection other: the section has no address\n {2}try: /);
  expect(err).toMatch(/imported 1 connector: \d+ not carried, \d+ changed, 1 errors\n$/);
});

test('name and namespace may be chosen, and standard input read', async () => {
  const { out } = await run('import -f - --name b2 -n factory', {}, SECRET);
  expect(out.match(/name: b2\n {2}namespace: factory\n/g)).toHaveLength(1);
  expect(out).toContain('kubectl create secret generic b2-remote -n factory --from-file=username=<(sed -n ');
});

test('JSON has the resources, all notes and the commands', async () => {
  const { out, err } = await run('import -f FOLDER/a.conf -o json', { 'a.conf': SECRET });
  expect(err).toBe('');
  expect(JSON.parse(out)).toMatchObject({
    apiVersion: 'mqttbridge/v1',
    kind: 'ImportResult',
    resources: [{ kind: 'MqttBridgeConnector' }, { kind: 'MqttBridgeTopicMap' }],
    notes: [{ kind: 'changed', line: 1, column: 1, advice: expect.any(String) as string }],
    commands: [expect.stringMatching(/^kubectl create secret/) as string],
  });
});

test('a table names connectors, and writes nothing else to standard output', async () => {
  const { out } = await run('import -f FOLDER/a.conf -o table', { 'a.conf': GOOD });
  expect(out).toMatch(/^CONNECTOR +REMOTE +ROUTES +FROM\nplant +r:1883 +1 +.*a\.conf:1\n$/);
});

test('--out writes a file per connector that validates, and overwrites none', async () => {
  const two = `${GOOD}${GOOD.replace('plant', 'second')}`;
  const { folder, code, out } = await run('import -f FOLDER/a.conf --out FOLDER/new', { 'a.conf': two });
  expect(code).toBe(0);
  expect(await readdir(join(folder, 'new'))).toEqual(['plant.yaml', 'second.yaml']);
  expect(out).toBe(`${join(folder, 'new/plant.yaml')}\n${join(folder, 'new/second.yaml')}\n`);
  const io = fakeIo();
  const none = () => Promise.reject(new Error('no agent is wanted here'));
  expect(await runCli(['validate', '-f', join(folder, 'new')], io, none)).toBe(0);
  const again = fakeIo();
  const argv = ['import', '-f', join(folder, 'a.conf'), '--out', join(folder, 'new')];
  expect(await runCli(argv, again, none)).toBe(1);
  expect(again.err()).toContain('EEXIST\n  try: ');
});

test('include_dir is followed, in the order of Mosquitto, and a missing one is told', async () => {
  const { folder } = await run('version', { 'main.conf': 'listener 1999\ninclude_dir conf.d\n' });
  await mkdir(join(folder, 'conf.d'));
  await writeFile(join(folder, 'conf.d/B.conf'), GOOD.replace('plant', 'second'));
  await writeFile(join(folder, 'conf.d/a.conf'), GOOD);
  await writeFile(join(folder, 'conf.d/c.txt'), GOOD.replace('plant', 'third'));
  const io = fakeIo();
  const argv = ['import', '-f', join(folder, 'main.conf'), '-o', 'table'];
  expect(await runCli(argv, io, () => Promise.reject(new Error('no agent')))).toBe(0);
  expect(io.out().match(/^\w+/gm)).toEqual(['CONNECTOR', 'plant', 'second']);
  const { err, code } = await run('import -f FOLDER/a.conf', { 'a.conf': `${GOOD}include_dir /nowhere/at/all\n` });
  expect(code).toBe(2);
  expect(err).toContain('a.conf:6:1  error  include_dir /nowhere/at/all: the folder cannot be read (ENOENT)');
});

test.each(['yaml', 'json', 'table'])('a password is in no output as %s', async (format) => {
  const text = `${SECRET}bridge_psk ${CANARY}\nlocal_username u\nlocal_password ${CANARY}\ntopic b sideways\n`;
  for (const one of [SECRET, text]) {
    const { out, err } = await run(`import -f FOLDER/a.conf -o ${format}`, { 'a.conf': one });
    expect(out + err).not.toContain(CANARY);
  }
});

test('the command for a Secret reads the value out of the file', async () => {
  const { out, folder } = await run('import -f FOLDER/a.conf', { 'a.conf': SECRET });
  const script = /--from-file=password=<\((.*)\)$/m.exec(out)?.[1] ?? '';
  const { execFileSync } = await import('node:child_process');
  expect(execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' })).toBe(CANARY);
  expect(await readFile(join(folder, 'a.conf'), 'utf8')).toBe(SECRET);
});
