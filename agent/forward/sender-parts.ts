import type { DropReason } from './counters.ts';
import type { FlushTurn, Outlet } from './outlet.ts';
import type { Pacing } from './pace.ts';
import type { SlabPool } from './slab.ts';
import type { Transit } from './transit.ts';
import type { TargetLimits, Window } from './window.ts';

/** What a sender is given by its session. */
export interface SenderParts {
  readonly outlet: Outlet;
  readonly turn: FlushTurn;
  readonly pool: SlabPool;
  readonly version: 4 | 5;
  /** Window of the configuration; the broker may make it smaller. */
  readonly window: Window;
  /** What is known of the broker's limits before it states them; nothing when absent. */
  readonly limits?: TargetLimits;
  /** Keeps publishes within a rate; without it they leave as fast as window and socket allow. */
  readonly pacing?: Pacing | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Runs `retry` after a pause that grows with `attempts`. */
  readonly retryLater: (attempts: number, retry: () => void) => void;
  /** Takes over a message that the target will never accept. */
  readonly refused: (transit: Transit, reason: DropReason, reasonCode?: number) => void;
}
