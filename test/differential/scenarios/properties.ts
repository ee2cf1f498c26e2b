import type { OutgoingPublish } from '../../support/codec.ts';
import { PROPERTY } from '../../support/properties.ts';
import type { Scenario } from '../scenario.ts';
import { fromLocal, start } from './words.ts';

const everyProperty: OutgoingPublish = {
  topic: 'props/all',
  payload: '{"t":21}',
  qos: 1,
  properties: [
    [PROPERTY.payloadFormatIndicator, 1],
    [PROPERTY.messageExpiryInterval, 3600],
    [PROPERTY.contentType, 'application/json'],
    [PROPERTY.responseTopic, 'answers/here'],
    [PROPERTY.correlationData, Buffer.from([0, 1, 255, 0])],
    [PROPERTY.userProperty, 'b', '1'],
    [PROPERTY.userProperty, 'a', '2'],
    [PROPERTY.userProperty, 'b', '1'],
    [PROPERTY.userProperty, '7', ''],
    [PROPERTY.userProperty, '', 'ß'],
  ],
};

/** What becomes of MQTT 5 properties. */
export const properties: readonly Scenario[] = [
  {
    name: 'hand on every property in its order, or none in MQTT 3.1.1',
    flows: [
      { direction: 'out', pattern: 'props/#', qos: 1 },
      { direction: 'in', pattern: 'reply/#', qos: 1 },
    ],
    steps: [
      start,
      {
        kind: 'publish',
        local: [everyProperty, { ...everyProperty, topic: 'props/qos0', qos: 0 }],
        remote: [{ ...everyProperty, topic: 'reply/all' }],
      },
    ],
    arrivals: 3,
  },
  {
    name: 'hand on each property alone',
    versions: [5],
    flows: [{ direction: 'out', pattern: 'props/+', qos: 2 }],
    steps: [
      start,
      fromLocal(
        ...(everyProperty.properties ?? []).map(
          (property, index): OutgoingPublish => ({
            topic: `props/${index}`,
            payload: 'text',
            qos: 2,
            properties: [property],
          }),
        ),
      ),
    ],
    arrivals: 10,
  },
];
