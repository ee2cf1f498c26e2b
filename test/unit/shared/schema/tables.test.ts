import { expect, it } from 'vitest';
import { fieldRows } from '../../../../shared/schema/tables.ts';

it.each(['MqttBridgeConnector', 'MqttBridgeTopicMap'] as const)('every field of %s is described, once', (kind) => {
  const rows = fieldRows(kind);
  expect(rows.filter(({ description }) => description === '')).toEqual([]);
  expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length);
});

it('a row says type, default and range', () => {
  expect(fieldRows('MqttBridgeTopicMap').find(({ path }) => path === 'spec.routes[].qos')).toEqual({
    path: 'spec.routes[].qos',
    type: 'number',
    required: false,
    default: '`1`',
    range: '`0`, `1`, `2`',
    description: 'Highest quality of service of the route.',
  });
});
