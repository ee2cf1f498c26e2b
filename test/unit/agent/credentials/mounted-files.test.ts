import { execFile } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { MountedFileError, createMountedFiles } from '../../../../agent/config/mounted-files.ts';
import { createTempDir } from '../../../support/temp-dir.ts';
import { createMountRoot } from './mounted-folder.ts';

const text = (keys: ReadonlyMap<string, Buffer>): Record<string, string> =>
  Object.fromEntries([...keys].map(([key, value]) => [key, value.toString()]));

describe('mounted files', () => {
  test('reads all keys of a Secret that Kubernetes mounted, and nothing else in the folder', async (t) => {
    const root = await createMountRoot(t);
    await root.mount('login', { username: 'edge', password: 'p' });
    const files = createMountedFiles({ secretsDir: root.dir });
    expect(text(await files.readSecret('login'))).toEqual({ password: 'p', username: 'edge' });
  });

  test('reads a plain folder of files', async (t) => {
    const dir = await createTempDir(t);
    await mkdir(join(dir, 'ca', 'folder'), { recursive: true });
    await writeFile(join(dir, 'ca', 'ca.crt'), 'pem');
    expect(text(await createMountedFiles({ configmapsDir: dir }).readConfigMap('ca'))).toEqual({ 'ca.crt': 'pem' });
  });

  test('says of what is mounted as optional and does not exist that it is missing', async (t) => {
    const root = await createMountRoot(t);
    const files = createMountedFiles({ configmapsDir: root.dir, secretsDir: root.dir });
    await root.mount('absent', {});
    const missing = (label: string) => ({
      reason: 'FileMissing',
      message: `The ${label} absent does not exist, or has no keys; create it or correct its name.`,
    });
    await expect(files.readSecret('absent')).rejects.toMatchObject(missing('Secret'));
    await expect(files.readConfigMap('absent')).rejects.toMatchObject(missing('ConfigMap'));
    await root.mount('absent', { 'ca.crt': 'pem' });
    expect(text(await files.readConfigMap('absent'))).toEqual({ 'ca.crt': 'pem' });
  });

  test('never mixes the keys of two moments while the mount is swapped', async (t) => {
    const root = await createMountRoot(t);
    const files = createMountedFiles({ secretsDir: root.dir });
    const keysOf = (version: number) => Object.fromEntries(['a', 'b', 'c', 'd'].map((key) => [key, String(version)]));
    await root.mount('pair', keysOf(0));
    for (let version = 1; version <= 100; version++) {
      // The swap and the removal of the former folder happen somewhere in the middle of the read.
      const [keys] = await Promise.all([files.readSecret('pair'), root.mount('pair', keysOf(version))]);
      expect([keysOf(version - 1), keysOf(version)]).toContainEqual(text(keys));
    }
    expect(text(await files.readSecret('pair'))).toEqual(keysOf(100));
  });

  const badNames = [
    '../../etc',
    '..',
    '.',
    '',
    '/etc',
    'a/b',
    'a\0b',
    'a'.repeat(300),
    'UPPER',
    '-a',
    'a-',
    'a..b',
    'ä',
    'a b',
    'a\n',
  ];
  test.for(badNames)('refuses the name %j', async (name, t) => {
    const dir = await createTempDir(t);
    const files = createMountedFiles({ configmapsDir: dir, secretsDir: dir });
    await expect(files.readSecret(name)).rejects.toMatchObject({ name: 'MountedFileError', reason: 'NameInvalid' });
    await expect(files.readConfigMap(name)).rejects.toMatchObject({ reason: 'NameInvalid' });
  });

  test('keeps its messages on one line of bounded length whatever the name', async () => {
    const files = createMountedFiles({ secretsDir: '/' });
    const error = await files.readSecret(`x\n\u001b[31m${'y'.repeat(10_000)}`).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MountedFileError);
    expect(String(error)).not.toMatch(/[\n\u001b]/);
    expect(String(error).length).toBeLessThan(400);
  });

  describe('refuses what leaves the mount', () => {
    test('as a link in place of the whole object', async (t) => {
      const [dir, outside] = [await createTempDir(t), await createTempDir(t)];
      await writeFile(join(outside, 'key'), 'x');
      await symlink(outside, join(dir, 'escape'));
      await expect(createMountedFiles({ secretsDir: dir }).readSecret('escape')).rejects.toMatchObject({
        reason: 'OutsideMount',
      });
    });

    test('as a link in place of a key', async (t) => {
      const dir = await createTempDir(t);
      await mkdir(join(dir, 'escape'));
      await symlink('/etc/hostname', join(dir, 'escape', 'key'));
      await expect(createMountedFiles({ secretsDir: dir }).readSecret('escape')).rejects.toMatchObject({
        reason: 'OutsideMount',
      });
    });

    test('as a link in place of ..data', async (t) => {
      const [dir, outside] = [await createTempDir(t), await createTempDir(t)];
      await mkdir(join(dir, 'escape'));
      await symlink(outside, join(dir, 'escape', '..data'));
      await expect(createMountedFiles({ secretsDir: dir }).readSecret('escape')).rejects.toMatchObject({
        reason: 'OutsideMount',
      });
    });

    test('as a key of another object', async (t) => {
      const root = await createMountRoot(t);
      await root.mount('other', { key: 'x' });
      await mkdir(join(root.dir, 'escape'));
      await symlink('../other/key', join(root.dir, 'escape', 'key'));
      await expect(createMountedFiles({ secretsDir: root.dir }).readSecret('escape')).rejects.toMatchObject({
        reason: 'OutsideMount',
      });
    });

    test('as a token', async (t) => {
      const dir = await createTempDir(t);
      await symlink('/etc/hostname', join(dir, 'sat'));
      await expect(createMountedFiles({}).readFileBelow(dir, 'sat')).rejects.toMatchObject({ reason: 'OutsideMount' });
    });
  });

  test('refuses a file larger than 1 MiB without reading it', async (t) => {
    const root = await createMountRoot(t);
    await root.mount('big', { key: 'x' });
    await truncate(join(root.dir, 'big', 'key'), 1024 * 1024 + 1);
    await expect(createMountedFiles({ secretsDir: root.dir }).readSecret('big')).rejects.toMatchObject({
      reason: 'FileTooLarge',
    });
  });

  test('is not held up by a pipe', async (t) => {
    const dir = await createTempDir(t);
    await promisify(execFile)('mkfifo', [join(dir, 'sat')]);
    await expect(createMountedFiles({}).readFileBelow(dir, 'sat')).rejects.toMatchObject({ reason: 'FileUnreadable' });
  });

  test('says which object is missing, and which option when no folder is given', async (t) => {
    const dir = await createTempDir(t);
    await expect(createMountedFiles({ secretsDir: dir }).readSecret('login')).rejects.toMatchObject({
      reason: 'FileMissing',
      message: expect.stringContaining('Secret login'),
    });
    await expect(createMountedFiles({}).readSecret('login')).rejects.toMatchObject({
      reason: 'FolderNotConfigured',
      message: expect.stringContaining('--secrets-dir'),
    });
  });

  test('reads a projected token by its folder and name', async (t) => {
    const root = await createMountRoot(t);
    await root.mount('tokens', { sat: 'jwt' });
    const token = await createMountedFiles({}).readFileBelow(join(root.dir, 'tokens'), 'sat');
    expect(token.toString()).toBe('jwt');
  });

  const badFiles: readonly (readonly [string, string])[] = [
    ['relative', 'sat'],
    ['/var\0', 'sat'],
    ['/var', '../etc/passwd'],
    ['/var', 'a/b'],
    ['/var', '..data'],
    ['/var', ''],
    ['/var', '.'],
    ['/var', 'a\0'],
    ['/var', 'a'.repeat(300)],
  ];
  test.for(badFiles)('refuses the token file %j / %j', async ([dir, file]) => {
    await expect(createMountedFiles({}).readFileBelow(dir, file)).rejects.toMatchObject({ reason: 'NameInvalid' });
  });
});
