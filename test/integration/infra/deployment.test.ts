import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Role } from '../../../functions/auth/caller.ts';
import { declared } from '../../support/bicep/template.ts';
import { textOf } from '../../support/bicep/expression.ts';
import { walk } from '../../support/bicep/walk.ts';
import { collectBlocks } from '../docs/pages.ts';
import { readRepositoryFile, ROOT, template, templates } from './templates.ts';

const main = template('main.bicep');
const page = await readRepositoryFile('docs/deploy.md');
const namesOf = (kind: 'param' | 'output') => declared(main, kind).map(({ name }) => name);

const projectSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*[a-z0-9]$/),
  infra: z.strictObject({ provider: z.literal('bicep'), path: z.string(), module: z.string() }),
  services: z.record(
    z.string(),
    z.strictObject({
      project: z.string(),
      language: z.literal('js'),
      host: z.literal('function'),
      hooks: z.record(
        z.enum(['prepackage', 'postdeploy']),
        z.strictObject({ shell: z.literal('sh'), run: z.string() }),
      ),
    }),
  ),
});

const project = projectSchema.parse(parse(await readRepositoryFile('azure.yaml')));

describe('azure.yaml', () => {
  test('points at what exists', async () => {
    const { infra, services } = project;
    expect(templates.has(`${infra.module}.bicep`)).toBe(true);
    await access(join(ROOT, infra.path, `${infra.module}.bicepparam`));
    for (const { project: folder } of Object.values(services)) await access(join(ROOT, folder, 'host.json'));
  });

  test('names its service as the tag of the function app does', () => {
    const texts = template('modules/function-app.bicep').declarations.flatMap(({ value }) => [...walk(value)]);
    const tags = texts.flatMap((one) =>
      one.kind === 'object' ? one.properties.filter(({ name }) => name === 'azd-service-name') : [],
    );
    expect(tags.map(({ value }) => textOf(value))).toEqual(Object.keys(project.services));
  });

  test('publishes what its packages need, and nothing that azd keeps for itself', async () => {
    const left = (await readRepositoryFile('.funcignore')).split('\n');
    expect(left).toEqual(expect.arrayContaining(['/azure.yaml', '/infra']));
    // Where node_modules is left behind, azd builds in Azure instead.
    expect(left).not.toContain('/node_modules');
    expect((await readRepositoryFile('.gitignore')).split('\n')).toContain('.azure/');
  });

  test('has hooks of a few lines that set variables of the parameter file', () => {
    const variables = environmentVariables();
    for (const { hooks } of Object.values(project.services)) {
      for (const { run } of Object.values(hooks)) {
        expect(run.trim().split('\n').length).toBeLessThanOrEqual(3);
        for (const [, name] of run.matchAll(/azd env set (\w+)/g)) expect(variables).toContain(name);
      }
    }
  });
});

function environmentVariables(): string[] {
  const calls = template('main.bicepparam').declarations.flatMap(({ value }) => [...walk(value)]);
  return calls.flatMap((one) =>
    one.kind === 'call' && one.name === 'readEnvironmentVariable' ? [textOf(one.args[0]) ?? ''] : [],
  );
}

describe('docs/deploy.md', () => {
  const commands = collectBlocks('sh').then((blocks) =>
    blocks
      .filter(({ where }) => where.startsWith('docs/deploy.md'))
      .map(({ text }) => text)
      .join(''),
  );

  test('says at its top that nothing was run against Azure', () => {
    expect(page.split('\n').slice(0, 6).join('\n')).toContain('Nothing on this page was run against Azure');
  });

  test('names files that exist', async () => {
    const names = [...page.matchAll(/[\s`@]((?:infra\/bicep|dist|docs)\/[\w./-]+\w)/g)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(5);
    // What a build makes need not be there.
    for (const name of names.filter((one) => !one.startsWith('dist/'))) await access(join(ROOT, name));
  });

  test('sets parameters and variables that exist', async () => {
    const lines = (await commands).split('\n').filter((line) => line.startsWith('az deployment sub '));
    expect(lines.length).toBeGreaterThanOrEqual(3);
    const set = lines.flatMap((line) => [...line.matchAll(/ (\w+)=/g)].map(([, name]) => name));
    expect(namesOf('param')).toEqual(expect.arrayContaining(set));
    const variables = [...page.matchAll(/azd env set (\w+)/g)].map(([, name]) => name);
    expect(environmentVariables()).toEqual(expect.arrayContaining(variables));
    for (const [, name] of page.matchAll(/`(\w+)=[^`\s]+`/g)) expect(namesOf('param')).toContain(name);
  });

  test('tells every output', () => {
    const shown = [...page.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(shown).toEqual(expect.arrayContaining(namesOf('output')));
  });

  test('says of each role who has it', () => {
    for (const role of [
      'Publisher',
      'Data Sender',
      'Storage Blob Data Owner',
      'Monitoring Metrics Publisher',
      'Key Vault Certificate User',
    ]) {
      expect(page).toContain(role);
    }
  });

  test('tells the substitutions that the overlay gets', () => {
    const [edge] = declared(main, 'module').filter(({ name }) => name === 'edge');
    const names = [...walk(edge?.value)].flatMap((one) =>
      one.kind === 'object'
        ? one.properties.flatMap(({ name = '' }) => (name.startsWith('MQTTBRIDGE_') ? [name] : []))
        : [],
    );
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) expect(page).toContain(`\`${name}\``);
  });

  test('assigns roles as the outputs of the deployment do', async () => {
    const printed = [
      ...walk(declared(main, 'output').find(({ name }) => name === 'assignRoleCommands')?.value),
    ].flatMap((one) => (one.kind === 'string' && one.parts.length > 1 ? one.parts.slice(0, 1) : []));
    expect(printed).toHaveLength(2);
    const shown = (await commands).replaceAll('PRINCIPAL-ID', 'PRINCIPAL_ID');
    for (const start of printed) expect(shown).toContain(typeof start === 'string' ? start : undefined);
  });
});

const roleSchema = z.object({ id: z.guid(), value: z.string(), allowedMemberTypes: z.array(z.string()) });
const registration = z
  .object({
    appRoles: z.array(roleSchema),
    api: z.object({ oauth2PermissionScopes: z.array(z.object({ id: z.guid() })) }),
  })
  .parse(JSON.parse(await readRepositoryFile('infra/bicep/app-registration.json')));
const { appRoles, api } = registration;

describe('the app registration', () => {
  test('has the roles that the control plane knows', () => {
    const roles: Record<Role, true> = {
      'Bridge.Read': true,
      'Bridge.Write': true,
      'Bridge.Agent': true,
      'Bridge.Admin': true,
    };
    expect(appRoles.map(({ value }) => value)).toEqual(Object.keys(roles));
  });

  test('is shown on the page as it is', async () => {
    const [block] = (await collectBlocks('json')).filter(({ marks }) => marks.has('app roles'));
    const shown = appRoles.map(({ value, allowedMemberTypes }) => ({ value, allowedMemberTypes }));
    expect(JSON.parse(block?.text ?? '[]')).toEqual(shown);
    for (const { id } of [...api.oauth2PermissionScopes, ...appRoles.filter(({ value }) => value === 'Bridge.Admin')]) {
      expect(page).toContain(id);
    }
  });
});
