import { inTime as withinLimit } from '../../agent/session/credentials/in-time.ts';
import { SYSTEM_WALL_CLOCK } from '../../agent/session/credentials/wall-clock.ts';

/** Something did not answer in the time it had. */
export class LateError extends Error {
  override readonly name = 'LateError';
  /** As sockets say it. */
  readonly code = 'ETIMEDOUT';
}

/** An answer, or a LateError after so many milliseconds. */
export function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  const late = () => new LateError(`no answer within ${ms} ms`);
  return withinLimit(answer, { clock: SYSTEM_WALL_CLOCK, ms, late });
}
