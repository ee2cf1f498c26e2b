import type { StatusCondition } from './status.ts';

/** A moment as Kubernetes writes it: RFC 3339, UTC, in whole seconds; `now` is in milliseconds since 1970. */
export function secondsText(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

/**
 * Since when a condition has its status; `now` is in milliseconds since 1970. A clock that was set back does not take a
 * transition back before the former one.
 */
export function transitionTime(
  former: StatusCondition | undefined,
  status: StatusCondition['status'],
  now: number,
): string {
  if (former === undefined) return secondsText(now);
  const stays = former.status === status || Date.parse(former.lastTransitionTime) > now;
  return stays ? former.lastTransitionTime : secondsText(now);
}
