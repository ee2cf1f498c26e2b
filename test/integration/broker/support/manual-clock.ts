import type { Clock } from '../../../../local/broker/clock.ts';

/** A clock that stands still until it is advanced. */
export interface ManualClock extends Clock {
  /** Moves on by milliseconds and fires what comes due, in order. */
  advance(ms: number): void;
}

interface Alarm {
  readonly at: number;
  readonly action: () => void;
}

/** A manual clock that starts at 0. */
export function createManualClock(): ManualClock {
  const alarms = new Set<Alarm>();
  let time = 0;
  const firstDue = (until: number): Alarm | undefined =>
    [...alarms].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => time,
    after(delay, action) {
      const alarm = { at: time + delay, action };
      alarms.add(alarm);
      return () => alarms.delete(alarm);
    },
    advance(ms) {
      const until = time + ms;
      for (let alarm = firstDue(until); alarm !== undefined; alarm = firstDue(until)) {
        alarms.delete(alarm);
        time = Math.max(time, alarm.at);
        alarm.action();
      }
      time = until;
    },
  };
}
