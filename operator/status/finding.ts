import type { StatusCondition } from '../../shared/resources/status.ts';
import { transitionTime } from '../../shared/resources/transition.ts';
import { shortened } from './listing.ts';
import { STATUS_REASONS, type StatusReason } from './reasons.ts';

/** What is found of one condition, before it is known since when. */
export interface Finding {
  readonly status: StatusCondition['status'];
  readonly reason: string;
  readonly message: string;
}

/** A finding under a condition type. */
export interface TypedFinding extends Finding {
  readonly type: string;
}

/** Longest message; an Event takes no longer one. In UTF-16 code units. */
export const MAX_MESSAGE = 1_000;
const MAX_FIX = 700;

/** It is so; the message is the meaning of the reason unless given. */
export function holds(reason: StatusReason, message: string = STATUS_REASONS[reason].meaning): Finding {
  return { status: 'True', reason, message: cut(message) };
}

/** It is not so; what to do about it goes behind what is said. */
export function fails(reason: StatusReason, message?: string, fix?: string): Finding {
  return { status: 'False', reason, message: advised(reason, message, fix) };
}

/** Nobody can tell; what to do about it goes behind what is said. */
export function unknown(reason: StatusReason, message?: string, fix?: string): Finding {
  return { status: 'Unknown', reason, message: advised(reason, message, fix) };
}

/** Shortens a text to what a condition and an Event take. */
export function cut(text: string): string {
  return shortened(text, MAX_MESSAGE);
}

function advised(
  reason: StatusReason,
  message: string = STATUS_REASONS[reason].meaning,
  fix: string = STATUS_REASONS[reason].fix,
): string {
  // The advice is worth more than the end of a list.
  if (fix === '') return cut(message);
  const advice = shortened(fix, MAX_FIX);
  return `${sentence(shortened(message, MAX_MESSAGE - advice.length - 2))} ${advice}`;
}

/** With an end, so that another sentence can follow. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** Turns findings into conditions, which keep their time of transition while their status stays. */
export function conditionsOf(
  findings: readonly TypedFinding[],
  former: readonly StatusCondition[],
  { generation, now }: { readonly generation: number; readonly now: number },
): StatusCondition[] {
  const before = new Map(former.map((condition) => [condition.type, condition]));
  return findings.map(({ type, status, reason, message }) => ({
    type,
    status,
    observedGeneration: generation,
    lastTransitionTime: transitionTime(before.get(type), status, now),
    reason,
    message,
  }));
}
