import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';

/** How long to wait for a condition and how to show what it was when it did not come true. */
export interface EventuallyOptions {
  /** Milliseconds, 10,000 unless told. */
  readonly deadlineMs?: number;
  /** Called at the deadline: what to print as the last state seen. */
  readonly describe?: () => unknown;
}

const POLL_MS = 5;

/**
 * Polls until the condition is truthy and returns its value.
 * A condition that throws (an `expect` inside) counts as not yet true; at the deadline its error is the cause.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<NonNullable<T>> {
  const { deadlineMs = 10_000, describe } = options;
  const end = performance.now() + deadlineMs;
  let last: { value?: unknown; error?: unknown } = {};
  do {
    try {
      const value = await condition();
      if (value) return value;
      last = { value };
    } catch (error) {
      last = { error };
    }
    await delay(POLL_MS);
  } while (performance.now() < end);
  const shown = describe ? describe() : (last.error ?? last.value);
  const text = typeof shown === 'string' ? shown : shown instanceof Error ? shown.message : inspect(shown);
  throw new Error(`not true within ${deadlineMs} ms; last seen: ${text}`, { cause: last.error });
}
