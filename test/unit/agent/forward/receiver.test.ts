import { describe, expect, it } from 'vitest';
import { Receiver } from '../../../../agent/forward/receiver.ts';
import { Sender } from '../../../../agent/forward/sender.ts';
import { NO_LIMITS } from '../../../../agent/forward/window.ts';
import type { RouteInput } from '../../../../shared/resources/topic-map.ts';
import { decodePublish, encodePublish, type OutgoingPublish, type Version } from '../../../support/codec.ts';
import { createFrameSplitter, toFrame } from '../../../support/frames.ts';
import { encodeString, encodeVarint, PROPERTY, type Property } from '../../../support/properties.ts';
import { createCountingPool, createFakeSocket, createManualTurn, laneTo } from './rig.ts';

interface Setting {
  readonly version?: Version;
  readonly maxHops?: number;
  readonly routes?: readonly Partial<RouteInput>[];
  readonly targetDown?: boolean;
}

function setUp({ version = 5, maxHops = 0, routes = [{}], targetDown = false }: Setting = {}) {
  const turn = createManualTurn();
  const out = createFakeSocket();
  const back = createFakeSocket();
  const target = new Sender({
    outlet: out,
    turn,
    pool: createCountingPool(),
    version,
    window: { messages: 10, bytes: 100_000 },
    now: () => 1,
    retryLater: () => undefined,
    refused: () => undefined,
  });
  const lanes = routes.map((route) => laneTo(target, target, route, maxHops));
  const receiver = new Receiver({ outlet: back, turn, version, topicAliasMaximum: 4, proceed: () => undefined });
  receiver.setLanes(lanes);
  receiver.begin(false);
  if (!targetDown) target.begin(NO_LIMITS, false);
  const takeBytes = (bytes: Buffer) => receiver.publish(bytes, 0, toFrame(bytes).start, bytes.length, 1);
  return {
    receiver,
    target,
    lanes,
    takeBytes,
    take: (publish: OutgoingPublish, id = 0) => takeBytes(encodePublish(version, publish, id)),
    forwarded: () => {
      turn.end();
      return createFrameSplitter()(out.read()).map((frame) => decodePublish(version, frame));
    },
    answers: () => {
      turn.end();
      return createFrameSplitter()(back.read()).map(({ command, bytes }) => `${command} ${bytes.readUInt16BE(2)}`);
    },
  };
}

const withTopic = (topic: Buffer) =>
  Buffer.concat([Buffer.of(0x30), encodeVarint(topic.length + 1), topic, Buffer.of(0)]);

describe('a topic that is no topic name', () => {
  it.each<[string, Buffer]>([
    ['+', Buffer.from('a/+')],
    ['#', Buffer.from('#')],
    ['NUL', Buffer.from('a\0b')],
    ['bad UTF-8', Buffer.of(0x74, 0x2f, 0xff)],
    ['an overlong slash', Buffer.of(0x74, 0xc0, 0xaf)],
    ['a surrogate', Buffer.of(0x74, 0xed, 0xa0, 0x80)],
    ['U+FFFE', Buffer.from('t/\ufffe')],
    ['nothing', Buffer.alloc(0)],
  ])('%s closes the connection with 0x90', (_name, bytes) => {
    const { receiver, takeBytes, forwarded } = setUp();
    const topic = Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length), bytes]);
    expect(takeBytes(withTopic(topic))).toBe(0x90);
    expect(receiver.fault).not.toBe('');
    expect(forwarded()).toEqual([]);
  });

  it('takes one of 65,535 bytes', () => {
    const { take, forwarded } = setUp();
    const topic = `t/${'x'.repeat(65_533)}`;
    expect(take({ topic, payload: '' })).toBe(0);
    expect(take({ topic, payload: '' })).toBe(0);
    expect(forwarded().map((one) => one.topic)).toEqual([topic, topic]);
  });
});

describe('topic aliases', () => {
  const alias = (value: number): Property[] => [[PROPERTY.topicAlias, value]];
  it('are resolved, set anew, and gone with their connection', () => {
    const { receiver, take, forwarded } = setUp();
    expect(take({ topic: 't/a', payload: '', properties: alias(4) })).toBe(0);
    expect(take({ topic: '', payload: '', properties: alias(4) })).toBe(0);
    expect(take({ topic: 't/b', payload: '', properties: alias(4) })).toBe(0);
    expect(take({ topic: '', payload: '', properties: alias(4) })).toBe(0);
    const seen = forwarded();
    expect(seen.map(({ topic }) => topic)).toEqual(['t/a', 't/a', 't/b', 't/b']);
    expect(seen.flatMap(({ properties }) => properties)).toEqual([]);
    receiver.end();
    receiver.begin(true);
    expect(take({ topic: '', payload: '', properties: alias(4) })).toBe(0x82);
  });

  it.each([
    ['unknown', 3, '', 0x82],
    ['above the maximum', 5, 't/a', 0x94],
    ['0', 0, 't/a', 0x94],
  ])('%s', (_name, value, topic, reasonCode) => {
    const { take } = setUp();
    expect(take({ topic, payload: '', properties: alias(value) })).toBe(reasonCode);
  });
});

describe('what becomes of a message', () => {
  const hops = (value: string): Property[] => [[PROPERTY.userProperty, 'mqttbridge-hops', value]];
  it.each<[string, Setting, OutgoingPublish, string]>([
    ['it matches no route', {}, { topic: 'x', payload: '' }, 'no_match'],
    ['the route excludes it', { routes: [{ excludes: ['t/x/#'] }] }, { topic: 't/x/y', payload: '' }, 'excluded'],
    [
      'a level is missing',
      { routes: [{ target: 'o/${inputTopic.3}' }] },
      { topic: 't/x', payload: '' },
      'unresolved_template',
    ],
    ['its way was too long', { maxHops: 3 }, { topic: 't/x', payload: '', properties: hops('3') }, 'loop'],
    ['the target is away', { targetDown: true }, { topic: 't/x', payload: '' }, 'target_unavailable'],
  ])('%s', (_name, setting, publish, reason) => {
    const { take, lanes, forwarded, answers } = setUp(setting);
    expect(take(publish)).toBe(0);
    expect(lanes[0].counters).toMatchObject({ received: 1, forwarded: 0, dropped: { [reason]: 1 } });
    expect(forwarded()).toEqual([]);
    if (setting.targetDown) return;
    expect(take({ ...publish, qos: 1 }, 5)).toBe(0);
    expect(answers()).toEqual(['puback 5']);
  });

  it('goes to the first route that matches, with one more hop', () => {
    const { take, lanes, forwarded } = setUp({
      maxHops: 3,
      routes: [{ source: 't/a' }, { source: 't/#', target: 'o/${inputTopic}' }],
    });
    take({ topic: 't/a', payload: '', properties: hops('2') });
    take({ topic: 't/b', payload: '' });
    expect(forwarded().map(({ topic, properties }) => [topic, properties])).toEqual([
      ['t/a', hops('3')],
      ['o/t/b', hops('1')],
    ]);
    expect(lanes.map((lane) => lane.counters.forwarded)).toEqual([1, 1]);
  });

  it('is a protocol error when there is no route at all', () => {
    const { take } = setUp({ routes: [] });
    expect(take({ topic: 't/a', payload: '' })).toBe(0x82);
  });

  it('takes new routes at once', () => {
    const { receiver, target, take, lanes, forwarded } = setUp();
    take({ topic: 't/a', payload: '' });
    const next = laneTo(target, target, { source: 't/#', target: 'new' });
    receiver.setLanes([next]);
    take({ topic: 't/a', payload: '' });
    expect(forwarded().map(({ topic }) => topic)).toEqual(['t/a', 'new']);
    expect([lanes[0].counters.received, next.counters.received]).toEqual([1, 1]);
  });
});

describe('acknowledgements', () => {
  const publish = { topic: 't/a', payload: 'x', qos: 1 } as const;

  it('leave in order of receipt', () => {
    const { target, take, forwarded, answers } = setUp();
    for (const id of [11, 12, 13]) take(publish, id);
    const ids = forwarded().map(({ packetId }) => packetId);
    target.puback(ids[2], 0);
    target.puback(ids[1], 0);
    expect(answers()).toEqual([]);
    target.puback(ids[0], 0);
    expect(answers()).toEqual(['puback 11', 'puback 12', 'puback 13']);
  });

  it('of QoS 2: a repeat gets its PUBREC again until PUBREL, and any PUBREL its PUBCOMP', () => {
    const { receiver, take, answers, lanes } = setUp({ routes: [{ qos: 0 }] });
    take({ ...publish, qos: 2 }, 5);
    expect(answers()).toEqual(['pubrec 5']);
    take({ ...publish, qos: 2, dup: true }, 5);
    expect(answers()).toEqual(['pubrec 5']);
    receiver.pubrel(5);
    receiver.pubrel(77);
    expect(answers()).toEqual(['pubcomp 5', 'pubcomp 77']);
    take({ ...publish, qos: 2 }, 5);
    expect(answers()).toEqual(['pubrec 5']);
    expect(lanes[0].counters.forwarded).toBe(2);
  });

  it('wait for the redelivery when the connection was lost', () => {
    const { receiver, target, take, forwarded, answers, lanes } = setUp();
    take(publish, 5);
    const [{ packetId }] = forwarded();
    receiver.end();
    target.puback(packetId, 0);
    receiver.begin(true);
    expect(answers()).toEqual([]);
    take({ ...publish, dup: true }, 5);
    expect(answers()).toEqual(['puback 5']);
    expect(forwarded()).toEqual([]);
    expect(lanes[0].counters).toMatchObject({ received: 1, forwarded: 1 });
  });

  it('are not given for another message under an old identifier', () => {
    const { receiver, take, forwarded, answers } = setUp();
    take(publish, 5);
    forwarded();
    receiver.end();
    receiver.begin(true);
    take({ ...publish, payload: 'other' }, 5);
    expect(forwarded().map(({ payload }) => payload.toString())).toEqual(['other']);
    expect(answers()).toEqual([]);
  });

  it('are not owed to a broker that forgot the session', () => {
    const { receiver, target, take, forwarded, answers, lanes } = setUp();
    take(publish, 5);
    const [{ packetId }] = forwarded();
    receiver.end();
    receiver.begin(false);
    target.puback(packetId, 0);
    expect(answers()).toEqual([]);
    expect(lanes[0].counters.forwarded).toBe(1);
  });

  it('are not given for what comes behind the end of a connection', () => {
    const { receiver, take, forwarded, answers } = setUp();
    receiver.end();
    expect(take(publish, 5)).toBe(0);
    receiver.begin(true);
    expect(forwarded()).toEqual([]);
    expect(answers()).toEqual([]);
    expect(receiver.unacknowledged).toBe(0);
  });

  it('are not given while draining, except for what was taken before', () => {
    const { receiver, target, take, forwarded, answers } = setUp();
    take(publish, 5);
    receiver.drain();
    take(publish, 6);
    take({ ...publish, qos: 0 });
    const seen = forwarded();
    expect(seen).toHaveLength(2);
    target.puback(seen[0].packetId, 0);
    expect(answers()).toEqual(['puback 5']);
  });
});

it('reads a topic that is given in more bytes than it has', () => {
  const { takeBytes } = setUp();
  expect(takeBytes(Buffer.concat([Buffer.of(0x30, 4), encodeString('t/').fill(0xff, 0, 2)]))).toBe(0x81);
});
