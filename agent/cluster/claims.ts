import { MAX_TERM } from './heartbeat.ts';
import type { Roster } from './roster.ts';

/** These slots are ours now: each has changed hands once more. */
export function withClaims(roster: Roster, slots: readonly number[]): Roster {
  const claims = new Map(roster.claims);
  const terms = new Map(roster.terms);
  for (const slot of slots) {
    const term = Math.min(MAX_TERM, (terms.get(slot) ?? 0) + 1);
    terms.set(slot, term);
    claims.set(slot, term);
  }
  return { ...roster, claims, terms };
}

/** These slots have stopped here. */
export function withoutClaims(roster: Roster, slots: readonly number[]): Roster {
  const claims = new Map(roster.claims);
  const releasing = new Set(roster.releasing);
  for (const slot of slots) {
    claims.delete(slot);
    releasing.delete(slot);
  }
  return { ...roster, claims, releasing };
}

/** These slots are given up though they still run here; they can be ours again once they have stopped. */
export function abandoned(roster: Roster, slots: readonly number[]): Roster {
  return { ...withoutClaims(roster, slots), ending: new Set([...roster.ending, ...slots]) };
}

/** Slots that somebody unseen took from us, for as long as we keep away from them. */
export function avoidedSlots({ cooling }: Roster, now: number): ReadonlySet<number> {
  return new Set([...cooling.keys()].filter((slot) => (cooling.get(slot) ?? 0) > now));
}
