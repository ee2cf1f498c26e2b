import { fc } from '@fast-check/vitest';
import { generate, type Packet } from 'mqtt-packet';
import { connectPacket, publishPacket } from './raw-client.ts';

const seeds: readonly Packet[] = [
  connectPacket('fuzz', { will: { topic: 'w', payload: Buffer.from('x'), properties: { willDelayInterval: 1 } } }),
  publishPacket('a/b', 'payload', {
    qos: 2,
    messageId: 5,
    properties: { contentType: 't', userProperties: { a: 'b' } },
  }),
  publishPacket('a', 'x', {
    properties: { topicAlias: 3, messageExpiryInterval: 9, correlationData: Buffer.from('c') },
  }),
  { cmd: 'subscribe', messageId: 2, subscriptions: [{ topic: '$share/g/a/+', qos: 1, nl: false, rap: true, rh: 1 }] },
  { cmd: 'unsubscribe', messageId: 3, unsubscriptions: ['a/+'] },
  { cmd: 'puback', messageId: 1, reasonCode: 0x10 },
  { cmd: 'pubrel', messageId: 5, reasonCode: 0x92, properties: { reasonString: 'why' } },
  { cmd: 'auth', reasonCode: 0x19, properties: { authenticationMethod: 'M', authenticationData: Buffer.from('d') } },
  { cmd: 'disconnect', reasonCode: 4, properties: { sessionExpiryInterval: 9 } },
  { cmd: 'pingreq' },
];

/** Structured mutation: bytes changed, cut out or inserted anywhere in valid packets. */
const mutation = fc.record({
  at: fc.nat(400),
  kind: fc.constantFrom('set', 'cut', 'insert'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
});
/** Bytes of one to four packets of every kind, changed in one to three places. */
export const mutatedStream = fc
  .tuple(
    fc.array(fc.constantFrom(...seeds), { minLength: 1, maxLength: 4 }),
    fc.array(mutation, { minLength: 1, maxLength: 3 }),
  )
  .map(([packets, mutations]) => {
    let bytes = Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion: 5 })));
    for (const { at, kind, bytes: change } of mutations) {
      const from = at % (bytes.length + 1);
      const to = kind === 'insert' ? from : from + change.length;
      bytes = Buffer.concat([bytes.subarray(0, from), kind === 'cut' ? Buffer.alloc(0) : change, bytes.subarray(to)]);
    }
    return bytes;
  });
