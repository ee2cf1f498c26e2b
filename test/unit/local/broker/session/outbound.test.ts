import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { createRig, delivery } from './support.ts';

describe('outbound', () => {
  test('numbers QoS 1 and 2 and keeps the order across QoS', () => {
    const { outbound, sent, connect } = createRig();
    connect();
    outbound.add(delivery('a', 1));
    outbound.add(delivery('b', 0));
    outbound.add(delivery('c', 2));
    expect(sent).toEqual(['a q1 #1', 'b q0 #0', 'c q2 #2']);
  });

  test('sends no more than the window and goes on with each acknowledgement', () => {
    const { outbound, sent, connect } = createRig();
    connect(2);
    for (const name of ['a', 'b', 'c', 'd']) outbound.add(delivery(name, 1));
    expect(sent).toHaveLength(2);
    expect(outbound.puback(1)).toBe(true);
    expect(outbound.puback(1)).toBe(false);
    expect(sent).toEqual(['a q1 #1', 'b q1 #2', 'c q1 #3']);
    expect([outbound.inflight, outbound.queued]).toEqual([2, 1]);
  });

  test('waits while the socket is full and goes on when it is not', () => {
    const rig = createRig();
    rig.connect();
    rig.room = false;
    rig.outbound.add(delivery('a', 0));
    expect(rig.sent).toEqual([]);
    rig.room = true;
    rig.outbound.pump();
    expect(rig.sent).toEqual(['a q0 #0']);
  });

  test('sends again in order on a new connection: PUBLISH with DUP, PUBREL for what was received, then what waits', () => {
    const { outbound, sent, connect } = createRig();
    connect(3);
    for (const [name, qos] of [
      ['a', 1],
      ['b', 2],
      ['c', 1],
      ['d', 1],
    ] as const)
      outbound.add(delivery(name, qos));
    outbound.pubrec(2, 0);
    outbound.detach();
    sent.length = 0;
    connect();
    expect(sent).toEqual(['a q1 #1 dup', 'pubrel 2 0', 'c q1 #3 dup', 'd q1 #4']);
  });

  test('takes no acknowledgement for what was not sent again yet', () => {
    const { outbound, sent, connect } = createRig();
    connect();
    for (const name of ['a', 'b']) outbound.add(delivery(name, 1));
    outbound.detach();
    sent.length = 0;
    connect(1);
    expect(outbound.puback(2)).toBe(false);
    expect(outbound.puback(1)).toBe(true);
    expect(sent).toEqual(['a q1 #1 dup', 'b q1 #2 dup']);
  });

  test('finishes QoS 2 by PUBCOMP only after PUBREC', () => {
    const { outbound, sent, connect } = createRig();
    connect();
    outbound.add(delivery('a', 2));
    expect(outbound.puback(1)).toBe(false);
    expect(outbound.pubcomp(1)).toBe(false);
    expect(outbound.pubrec(1, 0)).toBe(true);
    expect(outbound.pubcomp(1)).toBe(true);
    expect(outbound.pubrec(1, 0)).toBe(false);
    expect(sent).toEqual(['a q2 #1', 'pubrel 1 0', 'pubrel 1 146']);
  });

  test('ends QoS 2 at a refusing PUBREC', () => {
    const { outbound, sent, connect } = createRig();
    connect();
    outbound.add(delivery('a', 2));
    expect(outbound.pubrec(1, 0x97)).toBe(true);
    expect(outbound.inflight).toBe(0);
    expect(sent).toEqual(['a q2 #1']);
  });

  test('leaves out what is too large and what expired', () => {
    const rig = createRig();
    rig.outbound.add(delivery('large', 1));
    const late = delivery('late', 1);
    rig.outbound.add({ ...late, message: { ...late.message, expiresAt: 10 } });
    rig.outbound.add(delivery('ok', 1));
    rig.now = 10;
    rig.connect(1, 4);
    expect(rig.sent).toEqual(['ok q1 #2']);
    expect(rig.dropped).toEqual([
      ['large', 'too-large'],
      ['late', 'expired'],
    ]);
  });

  test.each([
    { queueQos0Offline: false, queued: 0 },
    { queueQos0Offline: true, queued: 1 },
  ])('keeps $queued QoS 0 messages without a connection when queueQos0Offline is $queueQos0Offline', (row) => {
    const { outbound } = createRig({ queueQos0Offline: row.queueQos0Offline });
    outbound.add(delivery('a', 0));
    expect(outbound.queued).toBe(row.queued);
  });

  test.each([
    { whenQueueFull: 'drop-newest', alive: true, kept: ['bb', 'cc'], dropped: ['dd'] },
    { whenQueueFull: 'drop-oldest', alive: true, kept: ['cc', 'dd'], dropped: ['bb'] },
    { whenQueueFull: 'end-session', alive: false, kept: ['bb', 'cc'], dropped: ['dd'] },
  ] as const)('when its queue is full does $whenQueueFull', ({ whenQueueFull, alive, kept, dropped }) => {
    const rig = createRig({ whenQueueFull, maximumQueuedBytes: 5 });
    expect(['bb', 'cc', 'dd'].map((name) => rig.outbound.add(delivery(name, 1))).at(-1)).toBe(alive);
    expect(rig.dropped.map(([name]) => name)).toEqual(dropped);
    rig.connect();
    expect(rig.sent.map((line) => line.slice(0, 2))).toEqual(kept);
  });

  test('refuses a message that alone is larger than its queue', () => {
    const { outbound, dropped } = createRig({ whenQueueFull: 'drop-oldest', maximumQueuedBytes: 5 });
    expect(outbound.add(delivery('too long', 1))).toBe(true);
    expect(dropped).toEqual([['too long', 'queue-full']]);
  });

  test('surrenders in order what was not acknowledged, but no QoS 2 message that was sent', () => {
    const { outbound, connect } = createRig();
    connect(3);
    for (const [name, qos] of [
      ['a', 1],
      ['b', 2],
      ['c', 1],
      ['d', 2],
      ['e', 1],
    ] as const) {
      outbound.add(delivery(name, qos));
    }
    outbound.puback(1);
    const given = outbound.surrender(({ message }) => message.payload.toString() !== 'c');
    expect(given.map(({ message }) => message.payload.toString())).toEqual(['e']);
    expect(outbound.inflight).toBe(3);
  });

  property.prop([
    fc.array(fc.oneof(fc.constantFrom('add', 'ack', 'cut'), fc.constant('add')), { maxLength: 200 }),
    fc.integer({ min: 1, max: 5 }),
  ])('never exceeds the window, loses nothing and keeps the order of first sends', (steps, window) => {
    const { outbound, sent, connect } = createRig();
    connect(window);
    let added = 0;
    const open = new Set<number>();
    let read = 0;
    const take = (): void => {
      for (; read < sent.length; read += 1) open.add(Number(/#(\d+)/.exec(sent[read] ?? '')?.[1]));
      expect(open.size).toBeLessThanOrEqual(window);
    };
    for (const action of steps) {
      if (action === 'add') outbound.add(delivery(`${(added += 1)}`, 1));
      const [first] = open;
      if (action === 'ack' && first !== undefined) {
        open.delete(first);
        outbound.puback(first);
      }
      if (action === 'cut') {
        outbound.detach();
        open.clear();
        connect(window);
      }
      take();
    }
    while (open.size > 0) {
      const [first = 0] = open;
      open.delete(first);
      outbound.puback(first);
      take();
    }
    const firsts = sent.filter((line) => !line.endsWith('dup')).map((line) => Number.parseInt(line, 10));
    expect(firsts).toEqual(Array.from({ length: added }, (_, n) => n + 1));
  });
});
