import type { ConfigFile } from '../../shared/config/load.ts';
import { importDataflows } from './dataflow/import-dataflows.ts';
import type { Drafts, ImportOptions } from './imported.ts';
import { importMosquitto } from './mosquitto/import-mosquitto.ts';
import { isMosquittoConf } from './mosquitto/lines.ts';
import { importOldResources } from './old-resources/import-old-resources.ts';

/** Where a definition comes from. */
export const FORMATS = ['e4k', 'mosquitto', 'dataflow'] as const;
export type Format = (typeof FORMATS)[number];

/** The format of a file by what is in it. */
function formatOf({ text }: ConfigFile): Format {
  if (isMosquittoConf(text)) return 'mosquitto';
  return /^["' {]*apiVersion["']?: *["']?connectivity\.iotoperations\.azure\.com\//m.test(text) ? 'dataflow' : 'e4k';
}

/** Imports files that may be of different formats; `format` makes all of them the same. */
export function importFiles(files: readonly ConfigFile[], format: Format | 'auto', options: ImportOptions): Drafts {
  const parts = FORMATS.map((one) => {
    const own = files.filter((file) => (format === 'auto' ? formatOf(file) : format) === one);
    return own.length === 0 ? { bridges: [], notes: [] } : IMPORTERS[one](own, options);
  });
  return { bridges: parts.flatMap(({ bridges }) => bridges), notes: parts.flatMap(({ notes }) => notes) };
}

const IMPORTERS: Readonly<Record<Format, (files: readonly ConfigFile[], options: ImportOptions) => Drafts>> = {
  mosquitto: importMosquitto,
  e4k: importOldResources,
  dataflow: importDataflows,
};
