import { Pacer } from '../../../../agent/forward/pacer.ts';
import type { Pacing } from '../../../../agent/forward/pace.ts';
import type { PublishLimit } from '../../../../shared/remote-profile.ts';

/** A frame that was sent at a rate. */
export interface Spent {
  readonly at: number;
  readonly messages: number;
  readonly bytes: number;
}

/** Pacing on a clock that the test moves, and what was sent by it. */
export interface TestPacing extends Pacing {
  readonly spent: readonly Spent[];
  /** Moves the clock on, waking the sender when it wanted to be. */
  pass(ms: number): void;
}

/** @param clock shared with the sender; monotonic milliseconds. */
export function createTestPacing(clock: { now: number }, limit: PublishLimit): TestPacing {
  const spent: Spent[] = [];
  const pacer = new (class extends Pacer {
    override spend(bytes: number, messages: number, now: number): void {
      spent.push({ at: now, messages, bytes });
      super.spend(bytes, messages, now);
    }
  })({ limit, retainedCost: 2, now: clock.now });
  let alarms: { readonly at: number; readonly wake: () => void }[] = [];
  return {
    pacer,
    spent,
    wakeAfter: (ms, wake) => void alarms.push({ at: clock.now + ms, wake }),
    pass(ms) {
      const end = clock.now + ms;
      for (;;) {
        const next = alarms.reduce<(typeof alarms)[number] | undefined>(
          (first, alarm) => (alarm.at <= end && (!first || alarm.at < first.at) ? alarm : first),
          undefined,
        );
        if (!next) break;
        alarms = alarms.filter((alarm) => alarm !== next);
        clock.now = Math.max(clock.now, next.at);
        next.wake();
      }
      clock.now = end;
    },
  };
}

/**
 * Throws when more was sent in any span of a second than the limit allows. A bucket must hold two messages, however
 * low the limit, and a frame larger than the bucket goes when it is full.
 */
export function checkRate(spent: readonly Spent[], limit: PublishLimit): void {
  let first = 0;
  let [messages, bytes] = [0, 0];
  for (const [i, frame] of spent.entries()) {
    messages += frame.messages;
    bytes += frame.bytes;
    while (frame.at - spent[first].at >= 1000) {
      messages -= spent[first].messages;
      bytes -= spent[first].bytes;
      first++;
    }
    const several = i > first;
    if (several && messages > Math.max(limit.messages, limit.messages * 0.97 + 2))
      throw new Error(`${messages} messages within a second`);
    const largest = Math.max(...spent.slice(first, i + 1).map((one) => one.bytes));
    if (several && bytes > limit.bytes + largest) throw new Error(`${bytes} bytes within a second`);
  }
}
