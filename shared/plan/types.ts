import type { Route } from '../resources/topic-map.ts';

/** Which of a connector's two brokers. */
export type Side = 'local' | 'remote';

/** One MQTT session (one client ID at one broker) that a slot owns. */
export interface SessionPlan {
  /** `{side}/{clientId}`: unique in a connector, the same in every instance. */
  readonly key: string;
  readonly side: Side;
  readonly clientId: string;
  readonly slot: number;
  /** A session named by its slot never comes to another slot; one named by its route goes where the route goes. */
  readonly namedBy: 'route' | 'slot';
}

/** A route, or one of the M clients of a route with a shared subscription. */
export interface LanePlan {
  /** `{topicMap}/{route}`, with `/{share}` behind it when the route is shared. */
  readonly key: string;
  readonly slot: number;
  readonly topicMap: string;
  readonly route: Route;
  /** 0-based number of this client in the share group; absent when the route is not shared. */
  readonly share?: number;
  /** The topic filter as SUBSCRIBE carries it, `$share/{group}/` included. */
  readonly subscription: string;
  /** Keys of the sessions this lane reads from and publishes to. */
  readonly source: string;
  readonly target: string;
}

/** Everything a connector runs, for all of its slots; pure data, computed alike by every instance. */
export interface Plan {
  readonly connector: string;
  readonly slots: number;
  readonly sessions: readonly SessionPlan[];
  readonly lanes: readonly LanePlan[];
}
