import { Pace } from '../../agent/forward/pace.ts';
import { Pacer } from '../../agent/forward/pacer.ts';
import type { MicroCase } from './harness.ts';

/** Bytes of a packet with 128 bytes of payload. */
const FRAME_BYTES = 160;
/** Messages from one reading of the clock to the next, as they come from one read of a socket. */
const PER_READ = 64;
/** Messages per second that are offered; far below the limit. */
const RATE = 100_000;
const LIMIT = { messages: 1e9, bytes: 1e12 };

/** What the publish rate costs a message when it never makes one wait. */
export const pacing: readonly MicroCase[] = [
  {
    name: 'pacing: a message below the limit',
    run(count) {
      let now = 0;
      const pacer = new Pacer({ limit: LIMIT, retainedCost: 2, now });
      const pace = new Pace({ pacer, wakeAfter: () => undefined }, () => undefined);
      let sent = 0;
      for (let index = 0; index < count; index += 1) {
        if (index % PER_READ === 0) now += (PER_READ / RATE) * 1_000;
        if (!pace.admits(FRAME_BYTES, false, now)) continue;
        pace.spend(FRAME_BYTES, false, now);
        sent += 1;
      }
      return sent;
    },
  },
];
