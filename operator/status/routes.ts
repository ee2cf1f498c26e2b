import type { InstanceStatus } from '../../shared/resources/status.ts';
import { fails, type Finding } from './finding.ts';
import { listing, shortened } from './listing.ts';

type Unready = NonNullable<InstanceStatus['unready']>[number];

/** What instances say of routes. */
export interface RoutesView {
  /** Each route once, by topic map. */
  readonly unready: ReadonlyMap<string, ReadonlyMap<string, Unready>>;
  /** Routes that do not pass messages and are not named, since the list of an instance is bounded. */
  readonly unnamed: number;
  /** Sum over all instances, the most that can be ready. */
  readonly most: number;
}

/** Puts together what instances say of their routes; a route may be in several of them. */
export function viewRoutes(entries: readonly InstanceStatus[]): RoutesView {
  const unready = new Map<string, Map<string, Unready>>();
  let unnamed = 0;
  let most = 0;
  for (const { routes, unready: named = [] } of entries) {
    const { total = 0, ready = 0 } = routes ?? {};
    most += ready;
    unnamed += Math.max(0, total - ready - named.length);
    for (const one of named) {
      const ofMap = unready.get(one.topicMap) ?? new Map<string, Unready>();
      ofMap.set(one.route, ofMap.get(one.route) ?? one);
      unready.set(one.topicMap, ofMap);
    }
  }
  return { unready, unnamed, most };
}

/** How many of all routes of a connector pass messages. */
export function readyRoutes(total: number, { unready, unnamed, most }: RoutesView): number {
  const named = [...unready.values()].reduce((sum, routes) => sum + routes.size, 0);
  return Math.max(0, Math.min(total - named - unnamed, most));
}

/** Says which routes do not pass messages and why, the first few; they may just be connecting. */
export function routesNotReady(text: string, unready: readonly Unready[]): Finding {
  const names = unready.map(
    ({ topicMap, route, reason, message }) => `${topicMap}/${route} ${reason}: ${shortened(message, 250)}`,
  );
  const reason = unready.every((one) => one.reason === 'Connecting') ? 'Connecting' : 'RoutesNotReady';
  return fails(reason, `${text} ${listing(names, '; ', 3)}`, '');
}
