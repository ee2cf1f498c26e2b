import { describe, expect, test } from 'vitest';
import { expandTemplate, rightsOf, type PermissionTable } from '../../../../local/emulator/permissions.ts';

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
  ])('$template means $filters', ({ template, filters }) => {
    const attributes = { area: ['north', 'south'], floor: 3, wild: '#' };
    expect(expandTemplate(template, 'ann', attributes)).toEqual(filters);
  });
});

describe('rights', () => {
  const ann = rightsOf(table, 'ann', { line: ['1', '2'] });
  const bob = rightsOf(table, 'bob', {});

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

  test('without a table are all', () => {
    const all = rightsOf(undefined, 'ann', {});
    expect([all.mayPublish('x'), all.maySubscribe('#')]).toEqual([true, true]);
  });
});
