import { describe, expect, test } from 'vitest';
import { bodyOf, freeNames, propertyOf, walk } from '../../support/bicep/walk.ts';
import type { Expression } from '../../support/bicep/expression.ts';
import { argumentOf, declared, decoratorOf, pathOf, plainOf, type Template } from '../../support/bicep/template.ts';
import { FUNCTION_NAMES, outputOf, typeOf } from '../../support/bicep/types.ts';
import { readRepositoryFile, sources, template, templates } from './templates.ts';

const versions = JSON.parse(await readRepositoryFile('infra/bicep/api-versions.json')) as Record<string, string>;
const cases = sources.map((source) => [source.path, source] as const);

function expressionsOf({ declarations }: Template): Expression[] {
  return declarations.flatMap(({ value, decorators }) => [
    ...walk(value),
    ...decorators.flatMap(({ args }) => args.flatMap((argument) => [...walk(argument)])),
  ]);
}

/** Every `module.outputs.name` of a file. */
function outputsUsed(source: Template): [string, string][] {
  return expressionsOf(source).flatMap((expression): [string, string][] => {
    if (expression.kind !== 'member' || expression.of.kind !== 'member' || expression.of.name !== 'outputs') return [];
    const { of } = expression.of;
    const base = of.kind === 'index' ? of.of : of;
    return base.kind === 'name' ? [[base.name, expression.name]] : [];
  });
}

describe('every Bicep file', () => {
  test('there are as many as there are concerns, and main is the only one for a subscription', () => {
    expect(cases.length).toBeGreaterThan(12);
    expect(sources.filter(({ targetScope }) => targetScope === 'subscription').map(({ path }) => path)).toEqual([
      'main.bicep',
    ]);
  });

  test.for(cases)('%s says what it is for, as do its parameters and outputs', ([, source]) => {
    expect(declared(source, 'metadata').map(({ name }) => name)).toEqual(['description']);
    for (const one of [...declared(source, 'param'), ...declared(source, 'output')]) {
      expect([one.name, argumentOf(one, 'description')]).toEqual([one.name, expect.stringMatching(/^[A-Z].*\.$/s)]);
    }
  });

  test.for(cases)('%s declares no name twice', ([, { declarations }]) => {
    const names = declarations.filter(({ kind }) => kind !== 'output' && kind !== 'metadata').map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  test.for(cases)('%s uses what it declares, and nothing else', ([, { declarations }]) => {
    const usable = declarations.filter(({ kind }) => kind !== 'output' && kind !== 'metadata');
    const used = new Set(declarations.flatMap(({ value }) => [...freeNames(value)].map(({ name }) => name)));
    expect([...used].filter((name) => !usable.some((one) => one.name === name))).toEqual([]);
    const idle = usable.filter(
      ({ kind, existing, name }) => (kind === 'param' || kind === 'var' || existing) && !used.has(name),
    );
    expect(idle.map(({ name }) => name)).toEqual([]);
  });

  test.for(cases)('%s calls functions that exist', ([, source]) => {
    const calls = source.declarations.flatMap(({ value }) => [...walk(value)]);
    const names = calls.flatMap((one) => (one.kind === 'call' && one.of === undefined ? [one.name] : []));
    expect(names.filter((name) => !FUNCTION_NAMES.includes(name))).toEqual([]);
  });

  test.for(cases)('%s keeps its defaults within its own limits', ([, source]) => {
    for (const param of declared(source, 'param')) {
      const allowed = decoratorOf(param, 'allowed')?.args[0];
      const value = plainOf(param.value);
      if (allowed?.kind === 'array' && value !== undefined) expect(allowed.items.map(plainOf)).toContain(value);
      const size = typeof value === 'string' ? value.length : value;
      const least = argumentOf(param, param.type === 'int' ? 'minValue' : 'minLength') ?? size;
      const most = argumentOf(param, param.type === 'int' ? 'maxValue' : 'maxLength') ?? size;
      if (size !== undefined)
        expect([param.name, size >= Number(least), size <= Number(most)]).toEqual([param.name, true, true]);
      if (param.value !== undefined)
        expect(typeOf(param.value, { template: source, templates })).toBe(param.type?.replace(/^.*\[\]$/, 'array'));
    }
  });

  test.for(cases)('%s has decorators that there are, where they fit', ([, source]) => {
    const fitting: Readonly<Record<string, readonly string[]>> = {
      string: ['allowed', 'description', 'maxLength', 'minLength', 'secure'],
      array: ['description', 'maxLength', 'minLength'],
      int: ['allowed', 'description', 'maxValue', 'minValue'],
      bool: ['description'],
      object: ['description', 'secure'],
    };
    for (const { kind, name, type = '', decorators } of source.declarations) {
      const found = decorators.map((decorator) => decorator.name);
      expect([name, found]).toEqual([name, [...new Set(found)]]);
      const fit = kind === 'output' ? ['description'] : fitting[type.replace(/^.*\[\]$/, 'array')];
      expect([name, found.filter((one) => !fit?.includes(one))]).toEqual([name, []]);
    }
  });

  test.for(cases)('%s bounds its numbers', ([, source]) => {
    for (const param of declared(source, 'param').filter(({ type }) => type === 'int')) {
      const bounds = ['minValue', 'maxValue'].every((name) => argumentOf(param, name) !== undefined);
      expect([param.name, bounds || decoratorOf(param, 'allowed') !== undefined]).toEqual([param.name, true]);
    }
  });
});

describe('resources', () => {
  const used = sources.flatMap((source) => declared(source, 'resource').map(({ reference = '' }) => reference));

  test('are of the API versions of the one list', () => {
    const listed = Object.entries(versions).map(([type, version]) => `${type}@${version}`);
    expect([...new Set(used)].sort()).toEqual(listed.sort());
  });

  test('are of versions that are not previews, but for the one that has no other', () => {
    const previews = Object.entries(versions).filter(([, version]) => !/^20\d\d-\d\d-\d\d$/.test(version));
    expect(previews).toEqual([['Microsoft.Insights/diagnosticSettings', '2021-05-01-preview']]);
  });

  test.for(cases)('%s gives each a name, and tags where it has a region', ([, source]) => {
    for (const { name, value, existing } of declared(source, 'resource')) {
      const body = bodyOf(value);
      expect([name, propertyOf(body, 'name')?.kind]).toEqual([name, expect.any(String)]);
      if (existing || propertyOf(body, 'location') === undefined) continue;
      expect([name, [...freeNames(propertyOf(body, 'tags'))].map((one) => one.name)]).toEqual([
        name,
        [expect.stringMatching(/tags$/i)],
      ]);
    }
  });

  test.for(cases)('%s names as parent or scope what it declares', ([, source]) => {
    for (const { name, value, reference = '' } of declared(source, 'resource')) {
      const isChild = (reference.split('@')[0] ?? '').split('/').length > 2;
      const parent = propertyOf(bodyOf(value), 'parent');
      expect([name, parent !== undefined]).toEqual([name, isChild]);
      if (parent?.kind !== 'name') continue;
      const owner = declared(source, 'resource').find((one) => one.name === parent.name)?.reference ?? '';
      expect(reference.startsWith(`${owner.split('@')[0]}/`)).toBe(true);
    }
  });
});

describe('modules', () => {
  const modules = sources.flatMap((source) =>
    declared(source, 'module').map((module) => [`${source.path}: ${module.name}`, { source, module }] as const),
  );

  test('are all of the files there are', () => {
    const named = new Set(modules.map(([, { source, module }]) => pathOf(source, module)));
    expect([...named, 'main.bicep'].sort()).toEqual(sources.map(({ path }) => path).sort());
  });

  test.for(modules)('%s gets every parameter it needs, none it does not know, and of the right types', ([, given]) => {
    const { source, module } = given;
    const params = declared(template(pathOf(source, module)), 'param');
    const body = propertyOf(bodyOf(module.value), 'params');
    const values = new Map(body?.kind === 'object' ? body.properties.map(({ name = '', value }) => [name, value]) : []);
    const needed = params.filter(({ value }) => value === undefined).map(({ name }) => name);
    expect([...values.keys()]).toEqual(expect.arrayContaining(needed));
    expect(params.map(({ name }) => name)).toEqual(expect.arrayContaining([...values.keys()]));
    for (const { name, type } of params) {
      const value = values.get(name);
      const found = value === undefined ? undefined : typeOf(value, { template: source, templates });
      if (found !== undefined) expect([name, found]).toEqual([name, type?.replace(/^.*\[\]$/, 'array')]);
    }
  });

  test.for(modules)('%s goes to a scope when it is called from a subscription', ([, { source, module }]) => {
    const scope = propertyOf(bodyOf(module.value), 'scope');
    expect(scope !== undefined).toBe(source.targetScope === 'subscription');
  });

  test.for(cases)('%s uses outputs that exist', ([, source]) => {
    for (const [module, output] of outputsUsed(source)) {
      expect([module, output, outputOf(module, output, { template: source, templates })?.name]).toEqual([
        module,
        output,
        output,
      ]);
    }
  });

  test.for(cases.filter(([path]) => path !== 'main.bicep'))('%s is small', ([, { text }]) => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });
});

test('the parameter file gives main what it knows and needs', () => {
  const file = template('main.bicepparam');
  expect(file.using).toBe('./main.bicep');
  const params = declared(template('main.bicep'), 'param');
  const given = file.declarations.map(({ name }) => name);
  expect(params.map(({ name }) => name)).toEqual(expect.arrayContaining(given));
  const needed = params.filter(({ value }) => value === undefined).map(({ name }) => name);
  expect(given).toEqual(expect.arrayContaining(needed));
  for (const { name, value } of file.declarations) {
    const type = value === undefined ? undefined : typeOf(value, { template: file, templates });
    const wanted = params.find((one) => one.name === name)?.type?.replace(/^.*\[\]$/, 'array');
    if (type !== undefined) expect([name, type]).toEqual([name, wanted]);
  }
});
