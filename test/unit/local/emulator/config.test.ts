import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readEmulatorConfig } from '../../../../local/emulator/read-config.ts';
import { settingRows } from './setting-rows.ts';

const page = await readFile(new URL('../../../../docs/reference/emulator.md', import.meta.url), 'utf8');

describe('reference page of the emulator', () => {
  test('has every setting with its values', () => {
    expect(page).toContain(settingRows().join('\n'));
  });

  test('shows a file that is valid', () => {
    const text = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    expect(readEmulatorConfig(text)).toMatchObject({
      kind: 'config',
      config: { settings: { whenThrottled: 'disconnect' }, topicSpaces: [{ name: 'own' }] },
    });
  });
});

describe('an emulator’s file', () => {
  test('may be empty', () => {
    expect(readEmulatorConfig('')).toEqual({ kind: 'config', config: { settings: {}, permissions: [] } });
  });

  const issuer = (keys: string) => `authentication: {entra: {issuer: i, audiences: [a], keys: ${keys}}}`;
  test.each([
    { what: 'a word too many', text: 'setings: {}', problem: /^the file: .*setings/ },
    { what: 'an unknown setting', text: 'settings: {maximumTopic: 1}', problem: /^settings: .*maximumTopic/ },
    { what: 'a rate of 0', text: 'settings: {connectsPerSecond: 0}', problem: /^settings\.connectsPerSecond: / },
    { what: 'no YAML', text: 'settings: {', problem: /./ },
    { what: 'a bad template', text: 'topicSpaces: [{name: a, templates: ["a/${x}"]}]', problem: /templates\.0: is no/ },
    {
      what: 'a filter as it must not be',
      text: 'topicSpaces: [{name: a, templates: ["a#"]}]',
      problem: /templates\.0/,
    },
    {
      what: 'a permission for nothing',
      text: 'permissions: [{topicSpace: a, role: Publisher}]',
      problem: /^permissions\.0\.topicSpace: is no topic space$/,
    },
    { what: 'keys far away', text: issuer('{jwksUrl: https://example.com/keys}'), problem: /keys/ },
    { what: 'keys of no form', text: issuer('{certificates: [x]}'), problem: /keys/ },
    {
      what: 'a thumbprint that is missing',
      text: 'authentication: {certificates: {clients: [{authenticationName: a, validation: ThumbprintMatch}]}}',
      problem: /thumbprints: ThumbprintMatch needs a thumbprint/,
    },
  ])('is refused for $what', ({ text, problem }) => {
    const read = readEmulatorConfig(text);
    expect(read.kind === 'invalid' && read.problems.join('\n')).toMatch(problem);
  });
});
