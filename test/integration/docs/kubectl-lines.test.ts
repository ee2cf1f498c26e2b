import { spawnSync } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { customResourceDefinition } from '../../../shared/schema/crd.ts';
import { hasKubectl } from '../../support/kubernetes/kubectl.ts';
import { buildKustomization } from '../../support/kubernetes/kustomize/build.ts';
import { RESOURCE_KINDS } from '../../support/kubernetes/definitions.ts';
import { collectBlocks, ROOT } from './pages.ts';

interface Line {
  readonly where: string;
  readonly words: readonly string[];
}

/** Every `kubectl …` command in the blocks of all pages, those that read from a pipe included. */
const lines: Line[] = (await collectBlocks('sh')).flatMap(({ where, text }) =>
  text
    .split('\n')
    .flatMap((line) => (line.split(' #')[0] ?? '').split(' | '))
    .flatMap((line) => {
      const command = /^(?:sudo )?kubectl (.*?)(?: &)?$/.exec(line)?.[1];
      if (command === undefined) return [];
      const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
      return [{ where: `${where} ${command}`, words }];
    }),
);

const own = (words: readonly string[]): readonly string[] =>
  words.includes('--') ? words.slice(0, words.indexOf('--')) : words;

const valuesOf = (words: readonly string[], option: string): string[] =>
  words.filter((_word, index) => words[index - 1] === option);

describe('lines of kubectl on the pages', () => {
  test('are there', () => expect(lines.length).toBeGreaterThan(15));

  test.for(lines)('$where names files that are there', async ({ words }) => {
    for (const path of valuesOf(words, '-f')) {
      // The bridge that the guide has its reader make.
      if (path !== '-' && !path.startsWith('my-bridge')) await access(join(ROOT, path));
    }
    for (const folder of valuesOf(words, '-k')) await buildKustomization(join(ROOT, folder));
  });

  test('name our kinds as the definitions do', () => {
    const { names } = customResourceDefinition('MqttBridgeConnector').spec;
    const known = RESOURCE_KINDS.flatMap((kind) => {
      const { shortNames, plural, singular, categories } = customResourceDefinition(kind).spec.names;
      return [...shortNames, plural, singular, ...categories];
    });
    const used = lines.flatMap(({ words }) =>
      own(words).flatMap((word) => (/^mb|^mqttbridge[ct]/.test(word) ? (word.split('/')[0] ?? '').split(',') : [])),
    );
    expect(used).toEqual(expect.arrayContaining([...names.shortNames]));
    expect(known).toEqual(expect.arrayContaining(used));
  });

  if (hasKubectl()) {
    test.for(lines)('$where has options that kubectl knows', ({ words }) => {
      const { status, stderr } = spawnSync('kubectl', [...own(words), '--help'], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    });
  }
});
