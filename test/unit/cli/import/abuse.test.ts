import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DIRECTIVES } from '../../../../cli/import/mosquitto/directives.ts';
import { importText } from './import-text.ts';

/** Whatever comes in: no exception, only valid documents out, and every note has a place and advice. */
function survives(text: string): void {
  const { errors, notes } = importText(text);
  expect(errors).toEqual([]);
  for (const { line, column, what, why, advice } of notes) {
    expect([line > 0, column > 0, what !== '', why !== '', advice !== '']).toEqual([true, true, true, true, true]);
  }
}

const word = fc.oneof(
  fc.constantFrom('true', 'false', '1', '-1', '""', 'a/#', '+', '${x}', 'both', 'in', 'r:1883', '::1', "'; rm x", '\t'),
  fc.string({ maxLength: 6 }),
);
const confLine = fc
  .tuple(fc.constantFrom(...DIRECTIVES.keys(), 'listener', 'port', 'certfile'), fc.array(word, { maxLength: 6 }))
  .map(([name, words]) => [name, ...words].join(' '));

test('any lines below a connection import or are told', () => {
  const section = fc.array(confLine, { maxLength: 12 });
  fc.assert(
    fc.property(section, (lines) => survives(['connection a', 'address r', ...lines].join('\n'))),
    { numRuns: 150 },
  );
});

const FIELDS = (
  'metadata name spec routes direction source target tls mode authentication method x509 secretRef operations ' +
  'operationType sourceSettings endpointRef dataSources __proto__'
).split(' ');

const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      2,
      '',
      'a',
      'Enabled',
      'both',
      'local-to-remote',
      'default',
      'cloud',
      '${x}',
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('value'), { maxKeys: 5 }),
  ),
})).value;

test.each([
  ['az-edge.com/v1alpha4', 'MqttBridgeConnector'],
  ['az-edge.com/v1alpha4', 'MqttBridgeTopicMap'],
  ['connectivity.iotoperations.azure.com/v1', 'Dataflow'],
  ['connectivity.iotoperations.azure.com/v1', 'DataflowEndpoint'],
])('any fields in %s %s import or are told', (apiVersion, kind) => {
  fc.assert(
    fc.property(value, value, (metadata, spec) =>
      survives(JSON.stringify({ apiVersion, kind, metadata, spec }, null, 1)),
    ),
    { numRuns: 150 },
  );
});

test('any text imports or is told', () => {
  fc.assert(fc.property(fc.string(), survives), { numRuns: 150 });
});
