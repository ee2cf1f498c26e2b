import type { WallClock } from './wall-clock.ts';

/** Rings once: at a time of the wall clock, or after a pause. */
export interface Alarm {
  /** Milliseconds since 1970; takes the place of an earlier one. */
  readonly set: (due: number) => void;
  /** Milliseconds from now, however the clock is set meanwhile; takes the place of an earlier one. */
  readonly pause: (ms: number) => void;
  readonly stop: () => void;
}

/** The longest sleep: a wall clock that was set anew is noticed after this. */
const LOOK_EVERY_MS = 60_000;

/** An alarm at a time of the wall clock, which may be set anew meanwhile. */
export function createAlarm(clock: WallClock, ring: () => void): Alarm {
  let cancel: (() => void) | undefined;
  function set(due: number): void {
    cancel?.();
    const left = Math.max(0, due - clock.now());
    cancel = clock.after(Math.min(left, LOOK_EVERY_MS), () => {
      if (clock.now() < due) set(due);
      else ring();
    });
  }
  function pause(ms: number): void {
    cancel?.();
    cancel = clock.after(ms, ring);
  }
  return { set, pause, stop: () => cancel?.() };
}
