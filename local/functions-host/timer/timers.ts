import type { Triggered } from '../app/functions.ts';
import type { TypedData } from '../ports.ts';
import type { HostClock } from '../ports.ts';
import type { TimerMonitor, TimerStatus } from './monitor.ts';
import { parseSchedule, type Schedule } from './ncrontab.ts';

/** What timers are made of. */
export interface TimerOptions {
  readonly functions: readonly Triggered<'timer'>[];
  readonly clock: HostClock;
  readonly monitor: TimerMonitor;
  /** Runs the function; rejects when it failed. */
  run(target: Triggered<'timer'>, input: TypedData): Promise<void>;
  /** Told of what failed: the function, or the note of when it ran. */
  failed(name: string, error: unknown): void;
}

/** The timers of an app. */
export interface Timers {
  start(): void;
  /** Starts no function any more and waits for those that run. */
  stop(): Promise<void>;
}

/** The real host, too, keeps no note of timers that come more often. */
const MONITORED_MS = 60_000;

/** Makes the timers; throws for a schedule that is none. */
export function createTimers(options: TimerOptions): Timers {
  const timers = options.functions.map((target) => createTimer(options, target));
  return {
    start: () => timers.forEach((timer) => timer.start()),
    stop: async () => void (await Promise.all(timers.map((timer) => timer.stop()))),
  };
}

function createTimer(options: TimerOptions, target: Triggered<'timer'>): Timers {
  const { clock, monitor } = options;
  const { name, trigger } = target;
  const schedule = scheduleOf(name, trigger.schedule);
  const monitored = trigger.useMonitor && !isFrequent(schedule, clock.now());
  let last: TimerStatus | undefined = monitored ? monitor.get(name) : undefined;
  let stopped = false;
  let cancel = (): void => undefined;
  let running = Promise.resolve();

  /** The next run is arranged when this one has ended, so there is never more than one at a time. */
  function fire(isPastDue: boolean): void {
    running = runOnce(isPastDue).then(arm);
  }

  async function runOnce(isPastDue: boolean): Promise<void> {
    try {
      await options.run(target, inputOf(last, isPastDue));
    } catch (error) {
      options.failed(name, error);
    }
    last = statusAfter(clock.now(), schedule);
    if (!monitored) return;
    await monitor.set(name, last).catch((error: unknown) => options.failed(name, error));
  }

  function arm(): void {
    const at = stopped ? undefined : schedule.next(clock.now());
    if (at !== undefined) cancel = clock.callAt(at, () => fire(false));
  }

  return {
    start() {
      const missed = last !== undefined && Date.parse(last.Next) < clock.now();
      if (missed || trigger.runOnStartup) fire(missed);
      else arm();
    },
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}

function scheduleOf(name: string, expression: string): Schedule {
  try {
    return parseSchedule(expression);
  } catch (cause) {
    throw new Error(`the schedule of function "${name}": ${cause instanceof Error ? cause.message : ''}`, { cause });
  }
}

function isFrequent(schedule: Schedule, now: number): boolean {
  const first = schedule.next(now);
  const second = first === undefined ? undefined : schedule.next(first);
  return first !== undefined && second !== undefined && second - first < MONITORED_MS;
}

function statusAfter(now: number, schedule: Schedule): TimerStatus {
  const next = schedule.next(now);
  const time = new Date(now).toISOString();
  return { Last: time, Next: new Date(next ?? 0).toISOString(), LastUpdated: time };
}

function inputOf(status: TimerStatus | undefined, isPastDue: boolean): TypedData {
  return {
    json: JSON.stringify({
      Schedule: { AdjustForDST: true },
      ...(status === undefined ? {} : { ScheduleStatus: status }),
      IsPastDue: isPastDue,
    }),
  };
}
