/** How old something is, in milliseconds; a clock that was set back makes things old, never young. */
export function ageOf(since: number, now: number): number {
  return now < since ? Number.POSITIVE_INFINITY : now - since;
}
