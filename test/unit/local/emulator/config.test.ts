import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { emulatorConfigSchema } from '../../../../local/emulator/config.ts';
import { readEmulatorConfig } from '../../../../local/emulator/read-config.ts';
import { emulatorSchemaFile } from '../../../../local/emulator/schema.ts';
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

describe('the example', () => {
  const folder = new URL('../../../../examples/emulator/', import.meta.url);

  test('is valid, and names the schema that editors check it with', async () => {
    const text = await readFile(new URL('emulator.yaml', folder), 'utf8');
    expect(readEmulatorConfig(text)).toMatchObject({ kind: 'config' });
    const schema = /^# yaml-language-server: \$schema=(.*)$/m.exec(text)?.[1] ?? '';
    expect(await readFile(new URL(schema, folder), 'utf8')).toBe(emulatorSchemaFile().text);
  });
});

describe('an emulator’s file', () => {
  test('may be empty', () => {
    expect(readEmulatorConfig('')).toEqual({ kind: 'config', config: { settings: {}, permissions: [] } });
  });

  const issuer = (keys: string) => `authentication: {entra: {issuer: i, audiences: [a], keys: ${keys}}}`;
  const template = (text: string) => JSON.stringify({ topicSpaces: [{ name: 'a', templates: [text] }] });
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
    { what: 'a suffix of two segments', text: template('a/${client.authenticationName|b/c}'), problem: /is no topic/ },
    {
      what: 'a permission for an unknown group',
      text: 'permissions: [{role: Publisher, clientGroup: north}]',
      problem: /^permissions\.0\.clientGroup: is no client group$/,
    },
    {
      what: 'a permission for a group and for names',
      text: 'permissions: [{role: Publisher, clientGroup: $all, identities: [a]}]',
      problem: /^permissions\.0\.clientGroup: names identities or a client group/,
    },
    {
      what: 'a group whose query cannot be read',
      text: 'clientGroups: [{name: north, query: attributes.a like b}]',
      problem: /^clientGroups\.0\.query: has "like" where an operator is expected$/,
    },
    {
      what: 'a group with a bad name',
      text: 'clientGroups: [{name: n, query: ""}]',
      problem: /^clientGroups\.0\.name/,
    },
    {
      what: 'a webhook far away',
      text: 'authentication: {webhook: {url: https://example.com}}',
      problem: /webhook\.url: must be on this machine/,
    },
    { what: 'a session expiry over 8 hours', text: 'settings: {maximumSessionExpiry: 28801}', problem: /Expiry: / },
    { what: '41 throughput units', text: 'settings: {throughputUnits: 41}', problem: /^settings\.throughputUnits: / },
    { what: 'more than two certificates of an issuer', text: issuer('{certificates: [x, x, x]}'), problem: /keys/ },
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

  test('names 10,000 clients for each throughput unit at most', () => {
    const clients = Array.from({ length: 10_001 }, (_, index) => ({
      authenticationName: `c${index}`,
      validation: 'SubjectMatchesAuthenticationName',
    }));
    const problemsWith = (throughputUnits: number) =>
      emulatorConfigSchema
        .safeParse({ settings: { throughputUnits }, authentication: { certificates: { clients } } })
        .error?.issues.map(({ message }) => message);
    expect([problemsWith(1), problemsWith(2)]).toEqual([['are more than 10000'], undefined]);
  });
});
