import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { validateConfig } from '../../../shared/config/validate.ts';
import { readDocument } from './documents.ts';
import { type Block, collectBlocks, ROOT } from './pages.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Blocks of resources and their fragments; documents.test.ts knows what else there is. */
const blocks = (await collectBlocks('yaml')).filter(
  ({ text, marks }) => !marks.has('fragment') && parseAllDocuments(text).every((document) => isOurs(document.toJS())),
);
const base = await readBase();

function isOurs(value: unknown): boolean {
  return ['resource', 'fragment of a resource', undefined].includes(readDocument(value)?.kind);
}

/** The smallest bridge of the guide, which completes what other blocks leave out. */
async function readBase(): Promise<{ connector: Fields; topicMap: Fields }> {
  const text = (name: string) => blocks.find(({ marks }) => marks.get('file') === `my-bridge/${name}`)?.text ?? '';
  return {
    connector: parse(text('connector.yaml')) as Fields,
    topicMap: parse(text('topic-map.yaml')) as Fields,
  };
}

/** A block as a whole configuration: fragments are laid over the smallest bridge. */
function complete({ text }: Block): string {
  const documents = parseAllDocuments(text).flatMap((document) => {
    const value = document.toJS() as Fields | null;
    return value === null ? [] : [value];
  });
  const [first] = documents;
  if (first === undefined) return stringify(base.connector) + '---\n' + stringify(base.topicMap);
  if (first['kind'] === undefined) {
    const isMap = 'routes' in (first['spec'] as Fields);
    const own = merge(isMap ? base.topicMap : base.connector, first);
    return [own, isMap ? base.connector : base.topicMap].map((value) => stringify(value)).join('---\n');
  }
  const kinds = new Set(documents.map(({ kind }) => kind));
  if (kinds.size > 1) return text;
  if (kinds.has('MqttBridgeConnector')) {
    const named = { spec: { mqttBridgeConnectorRef: (first['metadata'] as Fields)['name'] } };
    return `${text}---\n${stringify(merge(base.topicMap, named))}`;
  }
  const { mqttBridgeConnectorRef } = first['spec'] as Fields;
  return `${text}---\n${stringify(merge(base.connector, { metadata: { name: mqttBridgeConnectorRef } }))}`;
}

/** Fields of `over` replace those of `under`, one level of objects deep below `spec` and `metadata`. */
function merge(under: Fields, over: Fields): Fields {
  const inner = (name: string) => ({ ...(under[name] as Fields), ...(over[name] as Fields | undefined) });
  return { ...under, ...over, metadata: inner('metadata'), spec: inner('spec') };
}

describe('YAML on the pages', () => {
  test.for(blocks.map((block) => [block.where, block] as const))('%s is as valid as it says', ([where, block]) => {
    const { problems } = validateConfig([{ name: where, text: complete(block) }]);
    const expected = block.marks.get('problems')?.split(', ') ?? [];
    expect(
      problems.map(({ rule }) => rule),
      JSON.stringify(problems, undefined, 1),
    ).toEqual(expected);
  });
});

describe('the examples', () => {
  const folders = [
    ['two-brokers', []],
    ['event-grid-x509', []],
    ['aio-service-account', []],
    ['reference', ['XR008']],
  ] as const;

  test.for(folders)('%s has no problem but the stated ones', async ([folder, expected]) => {
    const names =
      folder === 'reference'
        ? ['connector.yaml', 'connector-x509.yaml', 'topic-map.yaml', 'routes.yaml']
        : ['connector.yaml', 'topic-map.yaml'];
    const files = await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(ROOT, 'examples', folder, name), 'utf8') })),
    );
    expect(validateConfig(files).problems.map(({ rule }) => rule)).toEqual(expected);
    if (folder === 'reference') return;
    for (const { text } of files) {
      const schema = /^# yaml-language-server: \$schema=(.*)$/m.exec(text)?.[1] ?? '';
      const { properties } = JSON.parse(await readFile(join(ROOT, 'examples', folder, schema), 'utf8'));
      expect(properties.kind.const).toBe(parse(text).kind);
    }
  });

  test('the page shows the editor settings of this repository', async () => {
    const shown = (await collectBlocks('json')).find(({ text }) => text.includes('yaml.schemas'));
    expect(JSON.parse(shown?.text ?? '{}')).toEqual(
      JSON.parse(await readFile(join(ROOT, '.vscode/settings.json'), 'utf8')),
    );
  });
});
