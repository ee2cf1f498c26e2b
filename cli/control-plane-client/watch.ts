import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { Io, StopSignal } from '../io.ts';
import { createSignalQueue } from '../signals.ts';
import { ControlPlaneError } from './control-plane-error.ts';

/** How to watch. */
export interface WatchOptions {
  /** Seconds between two looks. */
  readonly interval: number;
  /** Seconds for all of it; endless when absent. */
  readonly timeout?: number;
  /** Looks once and prints what is new; true ends the watch. */
  readonly look: () => Promise<boolean | void>;
}

/** What ended a watch: a signal, the thing itself, or the time. */
export type WatchEnd = StopSignal | 'over' | 'late';

/**
 * Looks again and again. The first look fails as any command does; later on, what may pass is told once and tried again.
 * Resolves at the first signal, or when the time is over, at once, also in the middle of a look.
 */
export async function watch(options: WatchOptions, io: Io): Promise<WatchEnd> {
  const ending = new AbortController();
  const { signal } = ending;
  const ends: Promise<WatchEnd>[] = [createSignalQueue(io).next(), lookOn(options, io, signal)];
  if (options.timeout !== undefined) ends.push(delay(options.timeout * 1000, 'late', { signal }));
  try {
    return await Promise.race(ends);
  } finally {
    ending.abort();
  }
}

/** The exit code of a command that only watches. */
export function watchExitCode(end: WatchEnd): ExitCode {
  return end === 'SIGINT' ? EXIT.interrupted : EXIT.ok;
}

async function lookOn({ interval, look }: WatchOptions, io: Io, signal: AbortSignal): Promise<'over'> {
  let told: string | undefined;
  let pause = interval;
  let over = await look();
  while (over !== true) {
    // Ends this loop when the watch is over; nobody waits for it any more.
    await delay(pause * 1000, undefined, { signal });
    try {
      over = await look();
      told = undefined;
      pause = interval;
    } catch (error) {
      if (!(error instanceof ControlPlaneError && error.passes)) throw error;
      if (told !== error.message) io.stderr.write(`${error.message}; trying again\n`);
      told = error.message;
      pause = Math.max(interval, error.retryAfter ?? 0);
    }
  }
  return 'over';
}
