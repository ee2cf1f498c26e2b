import { describe, expect, test } from 'vitest';
import { createRights, expandTemplate, type PermissionTable } from '../../../../local/emulator/permissions.ts';

const table: PermissionTable = {
  topicSpaces: [
    { name: 'own', templates: ['devices/${client.authenticationName}/#'] },
    { name: 'lines', templates: ['plant/${client.attributes.line}/+', 'alarm'] },
  ],
  permissions: [
    { topicSpace: 'own', role: 'Publisher' },
    { topicSpace: 'lines', role: 'Subscriber', identities: ['ann'] },
  ],
};

describe('topic template', () => {
  test.each([
    { template: 'a/#', filters: ['a/#'] },
    { template: 'd/${client.authenticationName}', filters: ['d/ann'] },
    { template: '${client.attributes.area}/${client.authenticationName}', filters: ['north/ann', 'south/ann'] },
    { template: 'a/${client.attributes.floor}', filters: ['a/3'] },
    { template: 'a/${client.attributes.missing}', filters: [] },
    { template: 'a/${client.attributes.wild}', filters: [] },
    { template: 'a/${client.attributes.deep}', filters: [] },
    { template: 'm/${client.authenticationName|.factory1}/temp', filters: ['m/ann.factory1/temp'] },
    { template: 'v/${client.attributes.floor|dollar}/#', filters: ['v/3dollar/#'] },
    { template: 'a/x-${client.authenticationName}-${client.attributes.floor}', filters: ['a/x-ann-3'] },
  ])('$template means $filters', ({ template, filters }) => {
    const attributes = { area: ['north', 'south'], floor: 3, wild: '#', deep: 'a/b' };
    expect(expandTemplate(template, 'ann', attributes)).toEqual(filters);
  });
});

describe('rights', () => {
  const ann = createRights(table)('ann', { line: ['1', '2'] });
  const bob = createRights(table)('bob', {});

  test.each([
    ['devices/ann/temperature', true, false],
    ['devices/bob/temperature', false, true],
    ['alarm', false, false],
  ])('to publish to %s: ann %s, bob %s', (topic, byAnn, byBob) => {
    expect([ann.mayPublish(topic), bob.mayPublish(topic)]).toEqual([byAnn, byBob]);
  });

  test.each([
    ['alarm', true, false],
    ['plant/2/+', true, false],
    ['plant/3/+', false, false],
    ['plant/+/x', false, false],
    ['#', false, false],
    ['$share/g/plant/1/x', true, false],
  ])('to subscribe to %s: ann %s, bob %s', (filter, byAnn, byBob) => {
    expect([ann.maySubscribe(filter), bob.maySubscribe(filter)]).toEqual([byAnn, byBob]);
  });

  test('follow topic spaces that change', () => {
    const templates = ['a'];
    const rights = createRights({
      topicSpaces: [{ name: 'space', templates }],
      permissions: [{ topicSpace: 'space', role: 'Publisher' }],
    });
    const before = rights('ann', {});
    templates.push('b');
    expect([before.mayPublish('b'), rights('ann', {}).mayPublish('b')]).toEqual([false, true]);
  });

  test('without a table are all', () => {
    const all = createRights(undefined)('ann', {});
    expect([all.mayPublish('x'), all.maySubscribe('#')]).toEqual([true, true]);
  });
});

describe('client groups', () => {
  const rights = createRights({
    topicSpaces: [
      { name: 'lines', templates: ['line/#'] },
      { name: 'halls', templates: ['hall/#'] },
    ],
    clientGroups: [{ name: 'north', query: "attributes.area = 'north'" }],
    permissions: [
      { topicSpace: 'lines', role: 'Publisher', clientGroup: 'north' },
      { topicSpace: 'halls', role: 'Publisher', clientGroup: '$all' },
      { topicSpace: 'halls', role: 'Subscriber', clientGroup: 'unknown' },
      { role: 'Subscriber', identities: ['principal'] },
    ],
  });

  test.each([
    { name: 'ann', attributes: { area: 'north' }, line: true },
    { name: 'ann', attributes: { area: 'south' }, line: false },
    { name: 'ann', attributes: {}, line: false },
  ])('give $name with $attributes the rights of the groups it is in', ({ name, attributes, line }) => {
    const own = rights(name, attributes);
    expect([own.mayPublish('line/1'), own.mayPublish('hall/1'), own.maySubscribe('hall/1')]).toEqual([
      line,
      true,
      false,
    ]);
  });

  test('may be left out: a role without topic space is for all of them', () => {
    const own = rights('principal', {});
    expect(['line/#', 'hall/#', 'other'].map((filter) => own.maySubscribe(filter))).toEqual([true, true, false]);
  });
});
