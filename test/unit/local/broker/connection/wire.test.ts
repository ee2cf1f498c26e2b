import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createWire, type Wire } from '../../../../../local/broker/connection/wire.ts';
import { createManualClock } from '../../../../integration/broker/support/manual-clock.ts';

interface Rig {
  readonly wire: Wire;
  readonly stream: Duplex;
  readonly written: string[];
  readonly events: string[];
  readonly clock: ReturnType<typeof createManualClock>;
  /** Lets the stream take the next chunk. */
  readonly take: () => void;
}

function createRig(): Rig {
  const written: string[] = [];
  const events: string[] = [];
  const pending: (() => void)[] = [];
  const clock = createManualClock();
  const stream = new Duplex({
    highWaterMark: 4,
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      pending.push(done);
    },
  });
  const wire = createWire(stream, {
    clock,
    lingerMs: 50,
    maximumUnsentBytes: 10,
    acknowledged: (packetIds) => void events.push(`acknowledged ${packetIds.join()}`),
    room: () => void events.push('room'),
  });
  return { wire, stream, written, events, clock, take: () => pending.shift()?.() };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('a wire', () => {
  test('hands over what one turn wrote in one piece, and then says what that acknowledged', async () => {
    const { wire, written, events } = createRig();
    wire.write(Buffer.from('a'));
    wire.write(Buffer.from('b'), 7);
    wire.write(Buffer.from('c'), 8);
    expect([written, events]).toEqual([[], []]);
    await turn();
    expect([written, events]).toEqual([['abc'], ['acknowledged 7,8']]);
  });

  test('is not ready at its limit, congested at twice that, and offers room once', async () => {
    const { wire, events, take } = createRig();
    wire.write(Buffer.alloc(10));
    expect([wire.ready(), wire.congested()]).toEqual([false, false]);
    wire.write(Buffer.alloc(10));
    expect([wire.ready(), wire.congested()]).toEqual([false, true]);
    await turn();
    expect(events).toEqual([]);
    take();
    await turn();
    expect([events, wire.ready(), wire.congested()]).toEqual([['room'], true, false]);
  });

  test('offers no room to nobody', async () => {
    const { wire, events, take } = createRig();
    wire.write(Buffer.alloc(20));
    await turn();
    take();
    await turn();
    expect(events).toEqual([]);
  });

  test('writes what is queued before it ends, and gives up on a peer that does not close', async () => {
    const { wire, stream, written, clock, take } = createRig();
    wire.write(Buffer.from('bye'));
    wire.end();
    wire.end();
    expect(written).toEqual(['bye']);
    take();
    await turn();
    expect([stream.writableFinished, stream.destroyed]).toEqual([true, false]);
    clock.advance(50);
    expect(stream.destroyed).toBe(true);
  });

  test('throws away what is written after its stream is gone', async () => {
    const { wire, written } = createRig();
    wire.destroy();
    wire.write(Buffer.from('late'));
    await turn();
    wire.end();
    expect(written).toEqual([]);
  });
});
