import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documentsOfFiles, documentsOfPages, readDocument } from './documents.ts';
import { ROOT } from './pages.ts';

/** Files of other tools, by the test that checks them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'infra/docker/compose.yaml': 'test/integration/docker/dockerfile.test.ts',
};

const ofPages = await documentsOfPages();
const ofFiles = (await documentsOfFiles()).filter(({ where }) => !(where in ELSEWHERE));

describe('YAML on all pages', () => {
  test('is there', () => expect(ofPages.length).toBeGreaterThan(30));

  test.for(ofPages)('$where is what it looks like, or is marked as a fragment', ({ value, errors, marks }) => {
    expect(errors).toEqual([]);
    if (marks.has('fragment')) return;
    const { kind, faults } = readDocument(value) ?? { kind: 'unknown', faults: [] };
    expect(kind).not.toBe('unknown');
    // Whether it is refused for what it says is asked by custom-resources.test.ts.
    if (!marks.has('problems')) expect(faults).toEqual([]);
  });
});

describe('YAML in examples and infra', () => {
  test('is there', () => expect(ofFiles.length).toBeGreaterThan(20));

  test.for(ofFiles)('$where is what it looks like, unless it is there to be refused', ({ where, value, errors }) => {
    expect(errors).toEqual([]);
    const { kind, faults } = readDocument(value) ?? { kind: 'unknown', faults: [] };
    expect(kind).not.toBe('unknown');
    // What Kustomize makes of its parts is checked as a whole, and that no part is left out: kustomize.test.ts.
    if (kind === 'manifest' && /^infra\/kubernetes\/(base|overlays)\//.test(where)) return;
    if (where.includes('/invalid/')) expect(faults).not.toEqual([]);
    else expect(faults).toEqual([]);
  });

  test.for(Object.entries(ELSEWHERE))('%s is checked by another test', async ([path, file]) => {
    expect(await readFile(join(ROOT, file), 'utf8')).toContain(path);
  });
});
