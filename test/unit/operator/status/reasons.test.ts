import { describe, expect, test } from 'vitest';
import { connectorStatusOf } from '../../../../operator/status/connector-status.ts';
import { STATUS_REASONS } from '../../../../operator/status/reasons.ts';
import { topicMapStatusOf } from '../../../../operator/status/topic-map-status.ts';
import { CONNECTOR_ROWS } from './connector-rows.ts';
import { judge, NOW } from './sample.ts';
import { MAP_ROWS } from './topic-map-rows.ts';

describe('a condition of a connector', () => {
  test.for(CONNECTOR_ROWS)('$type is $status for the reason $reason ($level)', (row) => {
    const { reason, type, status, situation, names = [], level } = row;
    const said = connectorStatusOf(situation);
    const found = said.conditions?.find((one) => one.type === type);
    expect(found).toMatchObject({ status, reason, observedGeneration: 1 });
    for (const name of names) expect(found?.message).toContain(name);
    expect(said.configStatusLevel).toBe(level);
  });
});

describe('a condition of a topic map', () => {
  test.for(MAP_ROWS)('$type is $status for the reason $reason ($level)', (row) => {
    const { reason, type, status, situation, of: name = 'telemetry', names = [], level, former } = row;
    const judgement = situation?.judgement ?? row.judgement ?? judge([]);
    const said = topicMapStatusOf({ judgement, name, former, connector: situation, now: NOW });
    const found = said?.conditions?.find((one) => one.type === type);
    expect(found).toMatchObject({ status, reason, observedGeneration: 1 });
    for (const part of names) expect(found?.message).toContain(part);
    expect(said?.configStatusLevel).toBe(level);
  });
});

test('every reason of the table is given by a row, so that none is documented in vain', () => {
  const shown = new Set([...CONNECTOR_ROWS, ...MAP_ROWS].map(({ reason }) => reason));
  expect([...shown].sort()).toEqual(Object.keys(STATUS_REASONS).sort());
});
