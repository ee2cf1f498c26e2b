import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFolderSource, type FolderSourceOptions } from '../../../../agent/config/folder-source.ts';
import type { ConfigUpdate } from '../../../../agent/config/source.ts';
import { BROKEN, connectorYaml, folderOf, SAMPLE, topicMapYaml } from '../../cli/sample-config.ts';

// The poll is off in effect: these tests are about the notices of the operating system.
const NOTICES = { debounceMs: 20, maxDelayMs: 200, pollMs: 3_600_000 };
const POLL_ONLY = { debounceMs: 1, maxDelayMs: 10, pollMs: 20 };

/** Opens a source and returns the function that waits for its next update. */
function open(paths: readonly string[], options: Partial<FolderSourceOptions> = {}) {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const source = createFolderSource({ paths, timing: NOTICES, ...options });
  const iterator = source.updates(abort.signal)[Symbol.asyncIterator]();
  return {
    abort,
    next: async () => {
      const result = await iterator.next();
      return result.done === true ? 'end' : describeUpdate(result.value);
    },
  };
}

function describeUpdate(update: ConfigUpdate): string {
  if (update.kind === 'rejected') {
    const errors = update.problems.filter((problem) => problem.severity === 'error');
    return `rejected ${errors.map((problem) => problem.rule).join(' ')}`;
  }
  const { connector, topicMaps } = update.document;
  const targets = topicMaps.flatMap((map) => map.spec.routes.map((route) => route.target ?? route.source));
  return [connector.metadata.name, ...targets].join(' ');
}

const withTarget = (target: string) => `${connectorYaml()}---\n${topicMapYaml('bridge', target)}`;

describe('folder source', () => {
  test('gives the present state first', async () => {
    const folder = await folderOf({ 'c.yaml': connectorYaml(), 'm.yml': topicMapYaml(), 'notes.txt': 'no yaml: [' });
    expect(await open([folder]).next()).toBe('bridge factory/${inputTopic}');
  });

  test('takes JSON as well', async () => {
    const { parseAllDocuments } = await import('yaml');
    const [connector, map] = parseAllDocuments(SAMPLE).map((document) => JSON.stringify(document.toJS()));
    const folder = await folderOf({ 'c.json': connector ?? '', 'm.json': map ?? '' });
    expect(await open([folder]).next()).toBe('bridge factory/${inputTopic}');
  });

  test('sees a file written in place', async () => {
    const folder = await folderOf({ 'a.yaml': SAMPLE });
    const { next } = open([folder]);
    await next();
    await writeFile(join(folder, 'a.yaml'), withTarget('two'));
    expect(await next()).toBe('bridge two');
  });

  test('sees a file replaced by rename, again and again', async () => {
    const folder = await folderOf({ 'a.yaml': SAMPLE });
    const { next } = open([join(folder, 'a.yaml')]);
    await next();
    for (const target of ['one', 'two', 'three']) {
      await writeFile(join(folder, '.draft'), withTarget(target));
      await rename(join(folder, '.draft'), join(folder, 'a.yaml'));
      expect(await next()).toBe(`bridge ${target}`);
    }
  });

  test('sees the swap of the ..data link by which Kubernetes replaces all files at once', async () => {
    const folder = await folderOf({});
    const publish = async (version: string, text: string) => {
      await mkdir(join(folder, `..${version}`));
      await writeFile(join(folder, `..${version}`, 'a.yaml'), text);
      await symlink(`..${version}`, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    };
    await publish('v1', withTarget('one'));
    await symlink('..data/a.yaml', join(folder, 'a.yaml'));
    const byFolder = open([folder]);
    const byFile = open([join(folder, 'a.yaml')]);
    expect([await byFolder.next(), await byFile.next()]).toEqual(['bridge one', 'bridge one']);
    await publish('v2', withTarget('two'));
    expect([await byFolder.next(), await byFile.next()]).toEqual(['bridge two', 'bridge two']);
  });

  test('waits until an editor that writes in steps is done', async () => {
    const folder = await folderOf({ 'a.yaml': SAMPLE });
    const { next } = open([folder], { timing: { ...NOTICES, debounceMs: 1_000, maxDelayMs: 10_000 } });
    await next();
    const update = next();
    await writeFile(join(folder, 'a.yaml'), '');
    await writeFile(join(folder, 'a.yaml'), withTarget('two').slice(0, 200));
    await writeFile(join(folder, 'a.yaml'), withTarget('two'));
    expect(await update).toBe('bridge two');
  });

  test('says nothing when the meaning did not change, and says so when it is good again', async () => {
    const folder = await folderOf({ 'a.yaml': SAMPLE });
    const { next } = open([folder]);
    await next();
    await writeFile(join(folder, 'a.yaml'), `# a remark\n${SAMPLE}`);
    await writeFile(join(folder, 'a.yaml'), BROKEN);
    expect(await next()).toBe('rejected TM004');
    await writeFile(join(folder, 'a.yaml'), SAMPLE);
    expect(await next()).toBe('bridge factory/${inputTopic}');
  });

  test('sees added and removed files', async () => {
    const folder = await folderOf({ 'c.yaml': connectorYaml() });
    const { next } = open([folder]);
    expect(await next()).toBe('bridge');
    await writeFile(join(folder, 'm.yaml'), topicMapYaml());
    expect(await next()).toBe('bridge factory/${inputTopic}');
    await rm(join(folder, 'm.yaml'));
    expect(await next()).toBe('bridge');
  });

  test('reports a folder that is not there and finds it when it comes', async () => {
    const folder = join(await folderOf({}), 'later');
    const { next } = open([folder], { timing: POLL_ONLY });
    expect(await next()).toBe('rejected YA901');
    await mkdir(folder);
    expect(await next()).toBe('rejected YA902');
    await writeFile(join(folder, 'a.yaml'), SAMPLE);
    expect(await next()).toBe('bridge factory/${inputTopic}');
  });

  test('keeps watching a folder that was replaced by another', async () => {
    const root = await folderOf({});
    const folder = join(root, 'config');
    await mkdir(folder);
    await writeFile(join(folder, 'a.yaml'), withTarget('one'));
    const { next } = open([folder], { timing: POLL_ONLY });
    expect(await next()).toBe('bridge one');
    await rename(folder, join(root, 'old'));
    await mkdir(join(root, 'new'));
    await writeFile(join(root, 'new', 'a.yaml'), withTarget('two'));
    await rename(join(root, 'new'), folder);
    let update = await next();
    if (update.startsWith('rejected')) update = await next();
    expect(update).toBe('bridge two');
    await writeFile(join(folder, 'a.yaml'), withTarget('three'));
    expect(await next()).toBe('bridge three');
  });

  test('needs a name when there are several connectors', async () => {
    const both = { 'a.yaml': connectorYaml('first'), 'b.yaml': connectorYaml('second') };
    const folder = await folderOf(both);
    expect(await open([folder]).next()).toBe('rejected XR902');
    expect(await open([folder], { connector: 'second' }).next()).toBe('second');
    expect(await open([folder], { connector: 'third' }).next()).toBe('rejected XR903');
  });

  test('ends when it is aborted, even while it waits', async () => {
    const folder = await folderOf({ 'a.yaml': SAMPLE });
    const { next, abort } = open([folder]);
    await next();
    const last = next();
    abort.abort();
    expect(await last).toBe('end');
  });

  test('gives only the newest of several changes that nobody took', async () => {
    const folder = await folderOf({ 'a.yaml': SAMPLE });
    const { next } = open([folder]);
    await next();
    for (const target of ['one', 'two', 'three']) await writeFile(join(folder, 'a.yaml'), withTarget(target));
    expect(await next()).toBe('bridge three');
  });
});
