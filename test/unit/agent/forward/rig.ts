import type { RouteInput } from '../../../../shared/resources/topic-map.ts';
import { createRouteCounters } from '../../../../agent/forward/counters.ts';
import { createLane, type Lane } from '../../../../agent/forward/lane.ts';
import { createFlushTurn, type FlushTurn, type Outlet } from '../../../../agent/forward/outlet.ts';
import type { Sender } from '../../../../agent/forward/sender.ts';
import { createSlabPool, type SlabPool } from '../../../../agent/forward/slab.ts';
import { sampleRoute } from '../../shared/sample.ts';

/** A turn of the event loop that ends when the test says so. */
export interface ManualTurn extends FlushTurn {
  end(): void;
}

export function createManualTurn(): ManualTurn {
  let scheduled: (() => void)[] = [];
  const turn = createFlushTurn((run) => void scheduled.push(run));
  return {
    add: (flushable) => turn.add(flushable),
    end() {
      const now = scheduled;
      scheduled = [];
      for (const run of now) run();
    },
  };
}

/** A pool that knows how many slabs it has not got back. */
export interface CountingPool extends SlabPool {
  readonly outside: number;
}

export function createCountingPool(): CountingPool {
  const pool = createSlabPool(2);
  const outside = new Set<object>();
  return {
    take(bytes) {
      const slab = pool.take(bytes);
      if (slab.holds !== 0 || slab.tail !== 0) throw new Error('the pool handed out a slab that is in use');
      outside.add(slab);
      return slab;
    },
    give(slab) {
      if (!outside.delete(slab)) throw new Error('a slab was given back twice');
      if (slab.holds !== 0) throw new Error('a slab was given back while frames are in it');
      pool.give(slab);
    },
    get outside() {
      return outside.size;
    },
  };
}

/**
 * A socket whose peer reads when the test says so. Like a real one it keeps the buffers it was given, so it can tell
 * when one of them changes before it was written.
 */
export interface FakeSocket extends Outlet {
  readonly unwritten: number;
  /** From now on `write` says that the socket is full. */
  congest(): void;
  /** Writes everything through and takes more again. */
  drain(): void;
  /** What was written through since the last call. */
  read(): Buffer;
  /** The connection is gone, and with it what nobody has read. */
  cut(): void;
}

export function createFakeSocket(): FakeSocket {
  let full = false;
  let kept: { readonly given: Buffer; readonly copy: Buffer }[] = [];
  let arrived: Buffer[] = [];
  const writeThrough = () => {
    for (const { given, copy } of kept) {
      if (!given.equals(copy)) throw new Error('bytes changed between write and the socket');
      arrived.push(copy);
    }
    kept = [];
  };
  return {
    write(bytes) {
      kept.push({ given: bytes, copy: Buffer.from(bytes) });
      if (!full) writeThrough();
      return !full;
    },
    writtenThrough: () => kept.length === 0,
    get unwritten() {
      return kept.length;
    },
    congest() {
      full = true;
    },
    drain() {
      full = false;
      writeThrough();
    },
    read() {
      const all = Buffer.concat(arrived);
      arrived = [];
      return all;
    },
    cut() {
      full = false;
      kept = [];
      arrived = [];
    },
  };
}

/** A lane from a route as its author would write it. */
export function laneTo(target: Sender, deadLetters: Sender, route: Partial<RouteInput> = {}, maxHops = 0): Lane {
  return createLane({
    key: 'map/r',
    route: sampleRoute({ source: 't/#', ...route }),
    sourceSide: 'local',
    counters: createRouteCounters(),
    target,
    deadLetters,
    deadLetterTopic: 'dead',
    maxHops,
  });
}
