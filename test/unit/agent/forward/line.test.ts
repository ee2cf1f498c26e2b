import { describe, expect, it } from 'vitest';
import { Line } from '../../../../agent/forward/line.ts';
import { Transit } from '../../../../agent/forward/transit.ts';

function setUp(messages: number, bytes: number) {
  const line = new Line({ messages, bytes });
  const create = (length = 10): Transit => {
    const transit = new Transit();
    transit.end = length;
    transit.qos = 1;
    line.number(transit);
    return transit;
  };
  const fly = (transit: Transit, now = 0): Transit => {
    transit.targetId = line.fly(transit, now);
    return transit;
  };
  const order = (): number[] => {
    const found: number[] = [];
    for (let transit = line.next; transit; transit = transit.next) found.push(transit.sequence);
    return found;
  };
  return { line, create, fly, order };
}

describe('the window', () => {
  it.each([
    ['nothing in flight', [], 10, true],
    ['a large frame alone', [], 1000, true],
    ['another that fits', [40, 40], 20, true],
    ['one byte too many', [40, 40], 21, false],
    ['no more messages', [1, 1, 1], 1, false],
    ['behind a large frame', [1000], 1, false],
  ])('%s', (_name, flying, bytes, expected) => {
    const { line, create, fly } = setUp(3, 100);
    for (const length of flying) fly(create(length));
    expect(line.hasRoom(bytes)).toBe(expected);
  });
});

describe('order', () => {
  it('is that of the numbers, whoever comes back when', () => {
    const { line, create, order } = setUp(10, 1000);
    const [a, b, c, d] = [create(), create(), create(), create()];
    for (const transit of [b, d, a, c]) line.wait(transit);
    expect(order()).toEqual([0, 1, 2, 3]);
    expect([line.waiting, line.waitingBytes]).toEqual([4, 40]);
    line.leave(b);
    expect(order()).toEqual([0, 2, 3]);
  });

  it('is kept by a recall, with the identifiers, until they are forgotten', () => {
    const { line, create, fly, order } = setUp(10, 1000);
    line.wait(create());
    const flown = [create(), create(), create()].map((transit) => fly(transit));
    line.wait(create());
    const ids = flown.map(({ targetId }) => targetId);
    line.recall((transit) => transit === flown[1]);
    expect(order()).toEqual([0, 1, 3, 4]);
    expect([line.flying, line.flyingBytes, line.waitingBytes]).toEqual([1, 10, 40]);
    expect(flown.map(({ targetId }) => targetId)).toEqual(ids);
    expect(ids.map((id) => line.find(id))).toEqual([undefined, flown[1], undefined]);
    line.leave(flown[0]);
    expect(line.fly(flown[0], 0)).toBe(ids[0]);
    line.forgetIds();
    expect(flown.map(({ targetId }) => targetId)).toEqual([ids[0], ids[1], 0]);
  });

  it('of flight puts behind what got an answer and waits for another', () => {
    const { line, create, fly } = setUp(10, 1000);
    const [a, b] = [fly(create(), 1), fly(create(), 2)];
    expect(line.oldest).toBe(a);
    line.renew(a, 3);
    expect(line.oldest).toBe(b);
    line.land(b);
    expect(line.oldest?.sentAt).toBe(3);
    expect(line.find(a.targetId)).toBe(a);
  });
});

describe('probing', () => {
  it('lets one fly at a time until all suspects have their outcome', () => {
    const { line, create, fly } = setUp(10, 1000);
    const [a, b] = [fly(create()), fly(create())];
    expect(line.suspect).toBeUndefined();
    line.probe();
    line.recall(() => false);
    const late = create();
    line.wait(late);
    line.leave(a);
    expect(line.hasRoom(10)).toBe(true);
    line.fly(a, 0);
    expect(line.suspect).toBe(a);
    expect(line.hasRoom(10)).toBe(false);
    line.land(a);
    line.leave(b);
    line.fly(b, 0);
    expect(line.hasRoom(10)).toBe(false);
    line.land(b);
    line.leave(late);
    line.fly(late, 0);
    expect(line.suspect).toBeUndefined();
    expect(line.hasRoom(10)).toBe(true);
  });
});

describe('the load', () => {
  it('tells what flies and waits, and when the oldest of both was received', () => {
    const { line, create, fly } = setUp(3, 100);
    expect(line.load).toEqual({ inflight: { messages: 0, bytes: 0 }, waiting: 0, oldestReceivedAt: undefined });
    const [a, b, c] = [create(), create(), create(20)];
    [a.receivedAt, b.receivedAt, c.receivedAt] = [30, 10, 20];
    line.wait(c);
    expect(line.load).toMatchObject({ waiting: 1, oldestReceivedAt: 20 });
    fly(a);
    fly(b);
    expect(line.load).toEqual({ inflight: { messages: 2, bytes: 20 }, waiting: 1, oldestReceivedAt: 10 });
    line.land(b);
    expect(line.load.oldestReceivedAt).toBe(20);
  });
});
