import type { MonotonicClock } from '../../../shared/monotonic-clock.ts';
import { changeGapMs, LEAST_GAP_MS, nextReportMs, type Pace } from './pace.ts';

/** How a report went, and the interval from then on. */
export interface Sent {
  readonly pace: Pace;
  readonly intervalSeconds: number;
}

/** What reporting is made of. */
export interface ReportingParts {
  readonly clock: MonotonicClock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Sends one report; never rejects. */
  readonly send: () => Promise<Sent>;
  /** Whether the agent is in another state than the last answered report says. */
  readonly differs: () => boolean;
  readonly signal: AbortSignal;
  /** What has not changed is told again once per interval (default), or never. */
  readonly repeats?: boolean;
}

/** One report after the other, and never two at once. */
export interface Reporting {
  /** The first report at once; resolves when the signal has aborted. */
  run(): Promise<void>;
  /** A document was applied or rejected: tell it as soon as may be. */
  hurry(): void;
}

/** How often the state is looked at; no more of the time than this part of it is spent looking. */
const LOOK_MS = 1_000;
const LOOKING_PART = 100;

/** Remembers its parts; `run` begins. */
export function createReporting({ clock, random, send, differs, signal, repeats = true }: ReportingParts): Reporting {
  let hurried = false;
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake());

  async function sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.after(ms, resolve);
    wake = resolve;
    if (!signal.aborted) await promise;
    cancel();
  }

  /** Milliseconds that a look at the state says to wait before the next one. */
  function pauseAfterLook(looked: number): number {
    return Math.max(LOOK_MS, (clock.now() - looked) * LOOKING_PART);
  }

  /** Waits for the next report. */
  async function untilNext({ began, due, gap }: Waiting): Promise<void> {
    let nextLook = began;
    let changed = false;
    while (!signal.aborted) {
      const now = clock.now();
      if (gap !== undefined && !changed && now >= nextLook) {
        changed = differs();
        nextLook = clock.now() + pauseAfterLook(now);
      }
      const early = gap === undefined ? due : began + (hurried ? LEAST_GAP_MS : changed ? gap : Infinity);
      if (now >= Math.min(due, early)) return;
      await sleep(Math.min(due, early, gap === undefined || changed ? due : nextLook) - now);
    }
  }

  return {
    async run() {
      let failures = 0;
      let changes = 0;
      while (!signal.aborted) {
        const began = clock.now();
        hurried = false;
        const { pace: outcome, intervalSeconds } = await send();
        const answered = outcome.kind === 'answered';
        failures = answered ? 0 : failures + 1;
        const pause = nextReportMs({ outcome, failures, intervalSeconds, random: random() });
        const regular = Math.max((answered ? began : clock.now()) + pause, began + LEAST_GAP_MS);
        const gap = answered ? changeGapMs(changes, intervalSeconds) : undefined;
        await untilNext({ began, due: answered && !repeats ? Infinity : regular, gap });
        changes = clock.now() < regular ? changes + 1 : 0;
      }
    },
    hurry() {
      hurried = true;
      wake();
    },
  };
}

/** When the next report may come; all in monotonic milliseconds. */
interface Waiting {
  readonly began: number;
  readonly due: number;
  /** From the beginning of the last report to that of one about a change; undefined: not before it is due. */
  readonly gap: number | undefined;
}
