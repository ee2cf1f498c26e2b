import { importFiles } from '../../../../cli/import/formats.ts';
import { settle } from '../../../../cli/import/settle.ts';
import type { ImportOptions } from '../../../../cli/import/imported.ts';
import { validateConfig } from '../../../../shared/config/validate.ts';

/** Imports one text, and says what the validation makes of the result. */
export function importText(text: string, options: Partial<ImportOptions> = {}) {
  const drafts = importFiles([{ name: 'source', text }], 'auto', { levels: 6, ...options });
  const { bridges, notes } = settle(drafts.bridges);
  const yaml = bridges.map((bridge) => bridge.yaml).join('---\n');
  const { connectors, problems } = validateConfig([{ name: 'imported.yaml', text: yaml }]);
  return {
    yaml,
    documents: connectors,
    errors: problems.filter(({ severity }) => severity === 'error'),
    notes: [...drafts.notes, ...notes],
    commands: bridges.flatMap(({ bridge }) => bridge.commands),
  };
}

/** The only connector of a text that imports into one. */
export function importOne(text: string, options: Partial<ImportOptions> = {}) {
  const result = importText(text, options);
  const [document] = result.documents;
  if (document === undefined) throw new Error(`nothing imported: ${JSON.stringify(result.notes)}`);
  return {
    ...result,
    spec: document.connector.spec,
    routes: document.topicMaps.flatMap(({ spec }) => spec.routes),
    document,
  };
}
