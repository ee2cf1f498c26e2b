import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ADMISSION_RULES } from '../../../shared/schema/admission-rules.ts';
import { SCHEMA_RULES } from '../../../shared/schema/crd-page.ts';
import { admit } from '../../support/kubernetes/admission.ts';
import { RESOURCE_KINDS, schemaInCluster } from '../../support/kubernetes/definitions.ts';
import { collectBlocks } from './pages.ts';

const refusable = new Set([...ADMISSION_RULES.map(({ id }) => id), ...Object.keys(SCHEMA_RULES)]);

/** Blocks that hold whole resources, with what the API server says against them. */
const blocks = (await collectBlocks('yaml')).flatMap(({ where, text, marks }) => {
  const resources = parseAllDocuments(text).flatMap((document) => {
    const value = document.toJS() as { readonly kind?: string } | null;
    const kind = RESOURCE_KINDS.find((each) => each === value?.kind);
    return kind === undefined ? [] : [admit(schemaInCluster(kind), value)];
  });
  return resources.length === 0 ? [] : [{ where, problems: marks.get('problems')?.split(', ') ?? [], resources }];
});

describe('whole resources on the pages', () => {
  test('are there', () => {
    expect(blocks.filter(({ problems }) => problems.length === 0).length).toBeGreaterThan(2);
  });

  test.for(blocks)(
    '$where is taken or refused by the API server as by our own validation',
    ({ problems, resources }) => {
      const faults = resources.flatMap(({ faults, unknown }) => [...faults, ...unknown]);
      expect(faults.length > 0, faults.join('\n')).toBe(problems.some((id) => refusable.has(id)));
    },
  );
});
