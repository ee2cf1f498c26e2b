import type { BrokerEvents } from '../broker/events.ts';
import { parseFilter } from '../broker/routing/filter.ts';
import type { ServiceSettings } from './settings.ts';

/** Counts the subscriptions of all sessions. */
export interface Census {
  /** Counts this filter of this session; false, and nothing counted, where the limits of the namespace leave no room for it. */
  subscribe(clientId: string, filter: string): boolean;
}

type Limits = Pick<
  ServiceSettings,
  'maximumNamespaceSubscriptions' | 'maximumSharedGroups' | 'maximumSharedGroupMembers'
>;

/** Nobody has subscribed yet; follows a broker's events to see subscriptions go. */
export function takeCensus(events: BrokerEvents, limits: Limits): Census {
  const bySession = new Map<string, Set<string>>();
  /** Members of each `$share/group/filter`. */
  const members = new Map<string, number>();
  let total = 0;

  function hasRoom(filter: string, shared: boolean): boolean {
    if (total >= limits.maximumNamespaceSubscriptions) return false;
    if (!shared) return true;
    const present = members.get(filter);
    return present === undefined
      ? members.size < limits.maximumSharedGroups
      : present < limits.maximumSharedGroupMembers;
  }

  function leave(filter: string): void {
    total -= 1;
    const left = (members.get(filter) ?? 0) - 1;
    if (left > 0) members.set(filter, left);
    else members.delete(filter);
  }

  events.on('unsubscribed', ({ clientId, filter }) => {
    if (bySession.get(clientId)?.delete(filter) === true) leave(filter);
  });
  events.on('sessionEnded', ({ clientId }) => {
    for (const filter of bySession.get(clientId) ?? []) leave(filter);
    bySession.delete(clientId);
  });
  return {
    subscribe(clientId, filter) {
      const filters = bySession.get(clientId) ?? new Set();
      if (filters.has(filter)) return true;
      const shared = parseFilter(filter)?.group !== undefined;
      if (!hasRoom(filter, shared)) return false;
      bySession.set(clientId, filters.add(filter));
      total += 1;
      if (shared) members.set(filter, (members.get(filter) ?? 0) + 1);
      return true;
    },
  };
}
