import { fc } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../../agent/forward/frame-reader.ts';
import { Receiver } from '../../../../agent/forward/receiver.ts';
import { Sender } from '../../../../agent/forward/sender.ts';
import { NO_LIMITS } from '../../../../agent/forward/window.ts';
import { topicNameFault } from '../../../../shared/topic/name.ts';
import { decodePacket, decodePublish, encodeAck, encodePublish } from '../../../support/codec.ts';
import { createFrameSplitter } from '../../../support/frames.ts';
import { PROPERTY, type Property } from '../../../support/properties.ts';
import { createCountingPool, createFakeSocket, createManualTurn, laneTo } from './rig.ts';

const REASONS = new Set([0x81, 0x82, 0x90, 0x94, 0x95]);

/** A bridge that reads whatever comes; a fault ends its connection, and the next one begins. */
function victim(version: 4 | 5) {
  const turn = createManualTurn();
  const out = createFakeSocket();
  const back = createFakeSocket();
  const parts = { turn, pool: createCountingPool(), version, window: { messages: 20, bytes: 100_000 } };
  const rest = { now: () => 1, retryLater: () => undefined, refused: () => undefined };
  const target = new Sender({ ...parts, ...rest, outlet: out });
  const lane = laneTo(target, target, { source: '#' }, 5);
  const receiver = new Receiver({ outlet: back, turn, version, topicAliasMaximum: 8, proceed: () => undefined });
  receiver.setLanes([lane]);
  const verdicts = new Set<number>();
  const acknowledge = (type: number, id: number, code: number) => {
    if (type === 4) target.puback(id, code);
    else if (type === 5) target.pubrec(id, code);
    else if (type === 7) target.pubcomp(id);
    else receiver.pubrel(id);
  };
  const read = (stream: Buffer, size: number) => {
    receiver.begin(true);
    target.begin(NO_LIMITS, true);
    let over = false;
    const reader = new FrameReader(
      {
        frame(bytes, start, body, end) {
          const type = bytes[start] >> 4;
          if (over) return true;
          if (type >= 4 && type <= 7 && end - body >= 2) {
            acknowledge(type, (bytes[body] << 8) | bytes[body + 1], end - body > 2 ? bytes[body + 2] : 0);
          }
          if (type !== 3) return true;
          const verdict = receiver.publish(bytes, start, body, end, 1);
          if (verdict !== 0) verdicts.add(verdict);
          over = verdict > 0;
          return true;
        },
        malformed: (code) => void verdicts.add(code),
      },
      10_000,
    );
    for (let at = 0; at < stream.length; at += size)
      reader.feed(stream.subarray(at, at + size), Math.min(size, stream.length - at));
    turn.end();
    back.read();
    const frames = createFrameSplitter()(out.read());
    receiver.end();
    target.end();
    return frames;
  };
  return { read, verdicts, target };
}

const SEED_PROPERTIES: Property[] = [
  [PROPERTY.payloadFormatIndicator, 1],
  [PROPERTY.messageExpiryInterval, 10],
  [PROPERTY.contentType, 'text/plain'],
  [PROPERTY.responseTopic, 'r/t'],
  [PROPERTY.correlationData, Buffer.of(1, 2, 3)],
  [PROPERTY.subscriptionIdentifier, 300],
  [PROPERTY.userProperty, 'name', 'wert ä'],
  [PROPERTY.userProperty, 'mqttbridge-hops', '2'],
];

function seeds(version: 4 | 5): Buffer[] {
  const publish = { topic: 'a/bä/c', payload: 'hello', properties: SEED_PROPERTIES } as const;
  const alias = { ...publish, properties: [[PROPERTY.topicAlias, 3]] as const };
  const again = { ...alias, topic: '' };
  return [
    encodePublish(version, publish),
    encodePublish(version, { ...publish, qos: 1, retain: true }, 7),
    encodePublish(version, { ...publish, qos: 2, dup: true }, 8),
    ...(version === 5 ? [encodePublish(5, { ...alias, qos: 1 }, 9), encodePublish(5, again)] : []),
    encodePublish(version, { topic: 'x'.repeat(200), payload: Buffer.alloc(200), qos: 1 }, 10),
    ...(['puback', 'pubrec', 'pubrel', 'pubcomp'] as const).map((command) => encodeAck(command, 7)),
    Buffer.of(0x40, 3, 0, 7, 0x97),
    Buffer.of(0x50, 3, 0, 8, 0x87),
  ];
}

/** A change of one packet: where and how. */
type Mutation = readonly [kind: number, at: number, value: number];

const INTERESTING = [0, 1, 0x23, 0x2b, 0x7f, 0x80, 0xc0, 0xed, 0xef, 0xff];

function mutate(packet: Buffer, [kind, at, value]: Mutation): Buffer {
  const bytes = Buffer.from(packet);
  const place = at % bytes.length;
  switch (kind) {
    case 0:
      bytes[place] = value;
      return bytes;
    case 1:
      bytes[place] ^= 1 << (value & 7);
      return bytes;
    case 2:
      bytes[place] = INTERESTING[value % INTERESTING.length];
      return bytes;
    case 3:
      return withLength(Buffer.concat([bytes.subarray(0, place), Buffer.of(value), bytes.subarray(place)]), packet);
    case 4:
      return withLength(Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1 + (value & 3))]), packet);
    case 5:
      return bytes.subarray(0, place);
    default:
      return bytes;
  }
}

/** Corrects the length of a changed short packet, so that the change is seen by more than the frame reader. */
function withLength(changed: Buffer, original: Buffer): Buffer {
  const headed = original[1] < 0x80 && changed.length >= 2 && changed.length < 130;
  if (headed) changed[1] = changed.length - 2;
  return changed;
}

describe('a hostile broker', () => {
  it.each([4, 5] as const)('breaks nothing with 60,000 mutated packets in MQTT version %i', (version) => {
    const { read, verdicts } = victim(version);
    const originals = seeds(version);
    const mutation = fc.tuple(fc.nat(6), fc.nat(300), fc.nat(255));
    const one = fc.tuple(fc.nat(originals.length - 1), fc.array(mutation, { minLength: 0, maxLength: 3 }));
    const history = fc.tuple(fc.array(one, { minLength: 4, maxLength: 4 }), fc.integer({ min: 1, max: 200 }));
    let packets = 0;
    fc.assert(
      fc.property(history, ([changes, size]) => {
        packets += changes.length;
        const stream = Buffer.concat(changes.map(([seed, mutations]) => mutations.reduce(mutate, originals[seed])));
        for (const frame of read(stream, size)) {
          if (frame.command === 'pubrel') continue;
          const publish = decodePublish(version, frame);
          if (topicNameFault(publish.topic) !== undefined) throw new Error(`forwarded to ${publish.topic}`);
          decodePacket(version, frame.bytes);
        }
      }),
      { numRuns: 15_000, endOnFailure: true },
    );
    expect(packets).toBe(60_000);
    for (const verdict of verdicts) expect(verdict === -1 || REASONS.has(verdict), `verdict ${verdict}`).toBe(true);
    expect(verdicts.size).toBeGreaterThan(2);
  });

  it('breaks nothing with random bytes', () => {
    const { read } = victim(5);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 300 }), (bytes) => {
        const stream = Buffer.from(bytes);
        stream[0] = 0x30 | (stream[0] & 0x0f);
        read(stream, stream.length);
      }),
      { numRuns: 5000 },
    );
  });
});
