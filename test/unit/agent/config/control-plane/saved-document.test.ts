import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDocumentFile } from '../../../../../agent/config/remote/saved-document.ts';
import { eventually } from '../../../../support/eventually.ts';
import { createTempDir } from '../../../../support/temp-dir.ts';
import { BROKEN, SAMPLE } from '../../../cli/sample-config.ts';
import { answerOf, OTHER, resourcesOf, UNREACHABLE } from './sample-answers.ts';
import { startSource, wanting } from './start-source.ts';

const HOUR = 3_600_000;

const newDir = () => createTempDir({ onTestFinished }, 'control-plane');

/** Runs until the sample is on disk. */
async function saved(dataDir: string): Promise<void> {
  const first = startSource({ dataDir, reply: wanting({ revision: 'r1', text: SAMPLE }) });
  await first.passUntil(() => first.reports.at(-1)?.document.revision === 'r1');
  first.ending.abort();
  await first.ended;
}

describe('the last good document on disk', () => {
  test('is begun with when the control plane cannot be reached, and its age is told', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const { updates, reports, source, log, passUntil } = startSource({
      dataDir,
      skew: 26 * HOUR,
      reply: () => UNREACHABLE,
    });
    await passUntil(() => reports.some(({ document }) => document.revision === 'r1'));
    expect(updates).toMatchObject([{ kind: 'document' }]);
    expect(source.snapshot().controlPlane).toMatchObject({ up: false, revision: 'r1', documentFrom: 'disk' });
    const [loaded] = log.filter(({ evt }) => evt === 'DocumentLoaded');
    expect(loaded).toMatchObject({ level: 'warn', revision: 'r1' });
    expect(Number(loaded?.['ageSeconds']) - 26 * 3_600).toBeLessThan(60);
  });

  test('is begun with when the control plane does not answer soon', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const { updates, passUntil } = startSource({ dataDir, reply: () => new Promise(() => undefined) });
    expect(await passUntil(() => updates.length === 1)).toBeGreaterThanOrEqual(2);
  });

  test('is begun with when the control plane has lost its definitions', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const { updates, passUntil } = startSource({ dataDir, reply: () => answerOf({ desired: { kind: 'undefined' } }) });
    await passUntil(() => updates.length === 1);
  });

  test('is of no use when the control plane has a document', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const { updates, reports, passUntil } = startSource({ dataDir, reply: wanting({ revision: 'r2', text: OTHER }) });
    await passUntil(() => reports.at(-1)?.document.revision === 'r2');
    expect(updates).toHaveLength(1);
  });

  test('is begun with when what the control plane has is not valid, and that is told too', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const { updates, reports, passUntil } = startSource({ dataDir, reply: wanting({ revision: 'r2', text: BROKEN }) });
    await passUntil(() => reports.at(-1)?.document.rejected);
    expect(reports.at(-1)?.document).toMatchObject({ revision: 'r1', rejected: { revision: 'r2' } });
    expect(updates.map(({ kind }) => kind)).toEqual(['document', 'rejected']);
  });

  test('can be read by its owner only, and nothing else stays behind', async () => {
    const dataDir = join(await newDir(), 'below');
    await saved(dataDir);
    expect(await readdir(dataDir)).toEqual(['last-good_plant_bridge_all.json']);
    const { mode } = await stat(join(dataDir, 'last-good_plant_bridge_all.json'));
    expect((mode & 0o777).toString(8)).toBe('600');
  });

  test('is never an invalid one', async () => {
    const dataDir = await newDir();
    await saved(dataDir);
    const wanted = { revision: 'r2', text: BROKEN };
    const { reports, passUntil } = startSource({ dataDir, reply: wanting(wanted) });
    await passUntil(() => reports.at(-1)?.document.rejected);
    expect(await readFile(join(dataDir, 'last-good_plant_bridge_all.json'), 'utf8')).toContain('r1');
  });

  test.each([
    ['cut off', (text: string) => text.slice(0, -20)],
    ['changed', (text: string) => text.replace('telemetry', 'telemetri')],
    ['of another version', (text: string) => text.replace('"version":1', '"version":2')],
    ['empty', () => ''],
    ['too large', (text: string) => text + ' '.repeat(9 * 1024 * 1024)],
  ])('is ignored with a warning when it is %s', async (_, spoil) => {
    const dataDir = await newDir();
    await saved(dataDir);
    const file = join(dataDir, 'last-good_plant_bridge_all.json');
    await writeFile(file, spoil(await readFile(file, 'utf8')));
    const { updates, log, reports, passUntil } = startSource({ dataDir, reply: () => UNREACHABLE });
    await eventually(() => log.some(({ evt }) => evt === 'DocumentIgnored'));
    await passUntil(() => reports.length === 4);
    expect(updates).toEqual([]);
  });

  test.each([
    ['another site', { site: 'elsewhere' }],
    ['a namespace of a cluster', { namespace: 'plant' }],
  ])('is ignored when it is of %s', async (_, place) => {
    const dataDir = await newDir();
    const elsewhere = createDocumentFile(dataDir, { place, connector: 'bridge', instance: 'all' });
    await elsewhere.save({ revision: 'r1', savedAt: '2026-06-01T12:00:00.000Z', resources: resourcesOf() });
    await rename(elsewhere.path, join(dataDir, 'last-good_plant_bridge_all.json'));
    const { log, updates, reports, passUntil } = startSource({ dataDir, reply: () => UNREACHABLE });
    await passUntil(() => reports.length === 4);
    const ignored = expect.objectContaining({ evt: 'DocumentIgnored', msg: expect.stringContaining('another site') });
    expect(log).toContainEqual(ignored);
    expect(updates).toEqual([]);
  });

  test('that cannot be written is a warning and no more', async () => {
    const dataDir = join(await newDir(), 'file');
    await writeFile(dataDir, '');
    const { log, reports, passUntil } = startSource({ dataDir, reply: wanting({ revision: 'r1', text: SAMPLE }) });
    await passUntil(() => reports.at(-1)?.document.revision === 'r1');
    expect(log).toContainEqual(expect.objectContaining({ evt: 'DocumentNotSaved', level: 'warn' }));
  });
});
