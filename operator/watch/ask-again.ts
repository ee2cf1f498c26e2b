import type { MonotonicClock } from '../../shared/monotonic-clock.ts';

/** Something that may not be read. */
export interface Refused {
  /** Those of a group are likely to be granted together. */
  readonly group: string;
  /** Asks for it once more; how it went is told by `refused` or `granted`. */
  readonly ask: () => void;
}

/** Asks again for what was refused: for one of a group at a time, and for all others when that one is granted. */
export interface AskingAgain {
  readonly refused: (item: Refused) => void;
  readonly granted: (item: Refused) => void;
  /** Nobody wants it any more. */
  readonly left: (item: Refused) => void;
  /** There is a reason to ask for it now, unless its group was asked for just before. */
  readonly nudge: (item: Refused) => void;
}

interface Group {
  /** Whose turn is next comes first. */
  readonly waiting: Set<Refused>;
  /** The one that is asked for on behalf of all. */
  scout: Refused | undefined;
  cancel: (() => void) | undefined;
  /** Monotonic milliseconds. */
  refusedAt: number;
}

/** Until the next one of a group is asked for, up to twice as long. */
const ASK_AGAIN_MS = 30_000;
/** Connectors may change often. */
const NUDGE_MS = 10_000;

/** Waits for refusals. */
export function createAskingAgain(clock: MonotonicClock, random: () => number): AskingAgain {
  const groups = new Map<string, Group>();

  function send(group: Group, item: Refused): void {
    group.waiting.delete(item);
    group.scout = item;
    item.ask();
  }
  function wait(group: Group): void {
    group.cancel ??= clock.after(ASK_AGAIN_MS * (1 + random()), () => {
      group.cancel = undefined;
      const [next] = group.waiting;
      // While a scout is out, its answer decides how it goes on.
      if (next !== undefined && group.scout === undefined) send(group, next);
    });
  }
  return {
    refused(item) {
      const group = groups.get(item.group) ?? { waiting: new Set(), scout: undefined, cancel: undefined, refusedAt: 0 };
      groups.set(item.group, group);
      group.waiting.add(item);
      group.refusedAt = clock.now();
      if (group.scout === item) group.scout = undefined;
      wait(group);
    },
    granted(item) {
      const group = groups.get(item.group);
      if (group?.scout !== item) return;
      group.scout = undefined;
      const others = [...group.waiting];
      group.waiting.clear();
      for (const { ask } of others) ask();
    },
    left(item) {
      const group = groups.get(item.group);
      group?.waiting.delete(item);
      if (group?.scout === item) group.scout = undefined;
      if (group === undefined || group.scout !== undefined) return;
      if (group.waiting.size > 0) return wait(group);
      group.cancel?.();
      groups.delete(item.group);
    },
    nudge(item) {
      const group = groups.get(item.group);
      if (group === undefined || group.scout !== undefined || !group.waiting.has(item)) return;
      if (clock.now() - group.refusedAt >= NUDGE_MS) send(group, item);
    },
  };
}
