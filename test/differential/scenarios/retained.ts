import type { OutgoingPublish } from '../../support/codec.ts';
import { PROPERTY } from '../../support/properties.ts';
import type { Difference, Scenario } from '../scenario.ts';
import { fromLocal, fromRemote, start } from './words.ts';

/** A live message that the source wanted retained. */
const retainLost = (topic: string): Difference => ({
  version: 4,
  topic,
  mosquitto: { fields: { retain: true } },
  ours: { fields: { retain: false } },
  because:
    'MQTT 3.1.1 [MQTT-3.3.1-9]: a broker clears RETAIN towards an established subscription. Mosquitto makes an exception for its own bridges, which read inside the broker or set a bit of the protocol version that the standard does not know.',
});

const retainedTwice: Difference = {
  topic: 'state/a',
  mosquitto: { repeated: true },
  ours: {},
  because:
    "MQTT5 3.3.1.3: a retained message is sent once per subscription. Mosquitto's bridge sends those of the local broker again whenever it connects (its issue 2248).",
};

/** What becomes of the retain flag. */
export const retained: readonly Scenario[] = [
  {
    name: 'keep the retain flag of live messages',
    flows: [
      { direction: 'out', pattern: 'state/#', qos: 1 },
      { direction: 'in', pattern: 'wish/#', qos: 1 },
    ],
    steps: [
      start,
      {
        kind: 'publish',
        local: [
          { topic: 'state/a', payload: 'on', qos: 1, retain: true },
          { topic: 'state/b', payload: 'not kept', qos: 1 },
        ],
        remote: [{ topic: 'wish/a', payload: 'off', qos: 1, retain: true }],
      },
    ],
    arrivals: 3,
    differences: [retainLost('state/a'), retainLost('wish/a')],
  },
  {
    name: 'take what was retained before the start',
    flows: [
      { direction: 'out', pattern: 'state/#', qos: 1 },
      { direction: 'in', pattern: 'wish/#', qos: 1 },
    ],
    steps: [
      {
        kind: 'publish',
        local: [
          { topic: 'state/a', payload: 'on', qos: 1, retain: true },
          { topic: 'state/b', payload: 'gone before', qos: 1 },
        ],
        remote: [{ topic: 'wish/a', payload: 'off', qos: 1, retain: true }],
      },
      start,
    ],
    arrivals: 2,
    differences: [retainedTwice],
  },
  {
    name: 'clear a retained message by an empty one',
    flows: [{ direction: 'out', pattern: 'state/#', qos: 1 }],
    steps: [
      start,
      fromLocal(
        { topic: 'state/a', payload: 'on', qos: 1, retain: true },
        { topic: 'state/a', payload: '', qos: 1, retain: true },
      ),
    ],
    arrivals: 2,
    differences: [retainLost('state/a')],
  },
  {
    name: 'keep the properties and QoS of what was retained before the start',
    versions: [5],
    flows: [{ direction: 'in', pattern: 'wish/#', qos: 2 }],
    steps: [
      fromRemote(
        // Not QoS 0: Mosquitto's bridge sometimes leaves such a message out while it connects.
        ...([1, 2] as const).map(
          (qos): OutgoingPublish => ({
            topic: `wish/${qos}`,
            payload: 'kept',
            qos,
            retain: true,
            properties: [
              [PROPERTY.contentType, 'text/plain'],
              [PROPERTY.messageExpiryInterval, 600],
            ],
          }),
        ),
      ),
      start,
    ],
    arrivals: 2,
  },
];
