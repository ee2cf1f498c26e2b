import type { Subscription } from './subscription.ts';

/** The members of one `$share/group/filter` in the order they joined. */
export interface SharedGroup {
  readonly members: Subscription[];
  /** Whose turn it was, for round robin. */
  turn: number;
}

/** A group without members. */
export function createSharedGroup(): SharedGroup {
  return { members: [], turn: -1 };
}

/** How one member is chosen; `random` yields [0, 1). */
export type Selection = { readonly kind: 'round-robin' } | { readonly kind: 'random'; readonly random: () => number };

/** The member that gets the next message: one with a connection before one without, `except` never. */
export function chooseMember(group: SharedGroup, selection: Selection, except?: object): Subscription | undefined {
  const others = group.members.filter((member) => member.session !== except);
  const connected = others.filter((member) => member.session.link !== undefined);
  const candidates = connected.length > 0 ? connected : others;
  if (candidates.length === 0) return undefined;
  if (selection.kind === 'random') return candidates[Math.floor(selection.random() * candidates.length)];
  group.turn += 1;
  return candidates[group.turn % candidates.length];
}

/** Whether a member other than `except` has a connection. */
export function hasConnectedMember(group: SharedGroup, except: object): boolean {
  return group.members.some((member) => member.session !== except && member.session.link !== undefined);
}
